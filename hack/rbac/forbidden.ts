import { fields, inKubeSystem, triesOfField } from './fields/index.ts'
import { managed as mine, podOf } from './made.ts'
import { apps, core as team, events, ours } from './places.ts'
import type { Forbidden } from './try.ts'

const label = 'only objects that carry its label'
const rbacGroup = '/apis/rbac.authorization.k8s.io/v1'
const admission = '/apis/admissionregistration.k8s.io/v1'
const cluster = (name: string) => ({ metadata: { name } })

const reading: readonly Forbidden[] = [
  { what: 'list the Secrets of the cluster', method: 'GET', path: '/api/v1/secrets', says: 'cannot list' },
  { what: 'list the Secrets of its namespace', method: 'GET', path: secretsOf('bartizan-system'), says: 'cannot list' },
  { what: 'list the Secrets of a server', method: 'GET', path: `${team}/secrets`, says: 'cannot list' },
  { what: 'watch Secrets', method: 'GET', path: `${team}/secrets?watch=1`, says: 'cannot watch' },
  { what: 'list Secrets by one name', method: 'GET', path: byName('ours'), says: 'cannot list' },
  { what: 'get a pod', method: 'GET', path: `${team}/pods/ours`, says: 'cannot get' },
  { what: 'list nodes', method: 'GET', path: '/api/v1/nodes', says: 'cannot list' },
  { what: 'reach a kubelet', method: 'GET', path: '/api/v1/nodes/n/proxy/pods', says: 'cannot get' },
  { what: 'read logs', method: 'GET', path: `${team}/pods/ours/log`, says: 'cannot get' },
  { what: 'list namespaces', method: 'GET', path: '/api/v1/namespaces', says: 'cannot list' },
  { what: 'list roles', method: 'GET', path: `${rbacGroup}/clusterroles`, says: 'cannot list' },
]

function secretsOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets`
}

function byName(name: string): string {
  return `${team}/secrets?fieldSelector=metadata.name%3D${name}`
}

const power: readonly Forbidden[] = [
  {
    what: 'make a ClusterRole',
    method: 'POST',
    path: `${rbacGroup}/clusterroles`,
    body: cluster('x'),
    says: 'cannot create',
  },
  {
    what: 'widen its own ClusterRole',
    method: 'PATCH',
    path: `${rbacGroup}/clusterroles/bartizan-operator`,
    body: { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
    says: 'cannot patch',
  },
  {
    what: 'bind itself to cluster-admin',
    method: 'POST',
    path: `${rbacGroup}/clusterrolebindings`,
    body: {
      ...cluster('x'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'bartizan-system', name: 'bartizan-operator' }],
    },
    says: 'cannot create',
  },
  {
    what: 'bind a user in a namespace',
    method: 'POST',
    path: `${rbacGroup}/namespaces/team/rolebindings`,
    body: { ...cluster('x'), roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' } },
    says: 'cannot create',
  },
  {
    what: 'have a token of another ServiceAccount',
    method: 'POST',
    path: `${team}/serviceaccounts/default/token`,
    body: { spec: {} },
    says: 'cannot create',
  },
  {
    what: 'have a further token of its own',
    method: 'POST',
    path: '/api/v1/namespaces/bartizan-system/serviceaccounts/bartizan-operator/token',
    body: { spec: {} },
    says: 'cannot create',
  },
  {
    what: 'register a webhook',
    method: 'POST',
    path: `${admission}/mutatingwebhookconfigurations`,
    body: cluster('x'),
    says: 'cannot create',
  },
  {
    what: 'take down the fence around itself',
    method: 'DELETE',
    path: `${admission}/validatingadmissionpolicybindings/operator.mcp.gateway.io`,
    says: 'cannot delete',
  },
  {
    what: 'change a kind',
    method: 'PATCH',
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mcpservers.mcp.gateway.io',
    body: {},
    says: 'cannot patch',
  },
  { what: 'make a namespace', method: 'POST', path: '/api/v1/namespaces', body: cluster('x'), says: 'cannot create' },
  { what: 'delete a namespace', method: 'DELETE', path: '/api/v1/namespaces/team', says: 'cannot delete' },
  {
    what: 'take another Lease',
    method: 'PATCH',
    path: '/apis/coordination.k8s.io/v1/namespaces/bartizan-system/leases/other',
    body: cluster('other'),
    says: 'cannot patch',
  },
  {
    what: 'have a certificate signed',
    method: 'POST',
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    body: {
      ...cluster('x'),
      spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    },
    says: 'cannot create',
  },
]

const pods: readonly Forbidden[] = [
  {
    what: 'make a pod',
    method: 'POST',
    path: `${team}/pods`,
    body: { ...cluster('x'), spec: podOf('x') },
    says: 'cannot create',
  },
  {
    what: 'patch a pod, and be it its own',
    method: 'PATCH',
    path: `${team}/pods/ours`,
    body: { spec: { containers: [{ name: 'server', image: 'other' }] } },
    says: 'cannot patch',
  },
  { what: 'delete a pod', method: 'DELETE', path: `${team}/pods/ours`, says: 'cannot delete' },
  { what: 'run a command in a pod', method: 'POST', path: `${team}/pods/ours/exec?command=sh`, says: 'cannot create' },
  { what: 'attach to a pod', method: 'POST', path: `${team}/pods/ours/attach`, says: 'cannot create' },
  { what: 'forward a port of a pod', method: 'POST', path: `${team}/pods/ours/portforward`, says: 'cannot create' },
  {
    what: 'add a container to a pod',
    method: 'PATCH',
    path: `${team}/pods/ours/ephemeralcontainers`,
    body: {},
    says: 'cannot patch',
  },
  {
    what: 'touch a pod that is not its own',
    method: 'PATCH',
    path: `${team}/pods/theirs/status`,
    body: { metadata: { annotations: { 'mcp.gateway.io/config': 'x' } } },
    says: label,
  },
  {
    what: 'change the labels of a pod through its status',
    method: 'PATCH',
    path: `${team}/pods/ours/status`,
    body: { metadata: { labels: { app: 'other' } } },
    says: 'only annotations of a pod',
  },
  {
    what: 'say that a pod is ready',
    method: 'PATCH',
    path: `${team}/pods/ours/status`,
    body: { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    says: 'only annotations of a pod',
  },
  {
    what: 'change annotations of others on a pod',
    method: 'PATCH',
    path: `${team}/pods/ours/status`,
    body: { metadata: { annotations: { theirs: null } } },
    says: 'below mcp.gateway.io/',
  },
]

const patch = { metadata: { annotations: { x: 'y' } } }
const unowned = 'controlled by an object of its kinds'
const adopt = { metadata: { labels: mine } }

const objects: readonly Forbidden[] = [
  { what: 'delete a Deployment without its label', method: 'DELETE', path: `${apps}/deployments/theirs`, says: label },
  {
    what: 'patch a Deployment without its label',
    method: 'PATCH',
    path: `${apps}/deployments/theirs`,
    body: patch,
    says: label,
  },
  {
    what: 'patch a ConfigMap without its label',
    method: 'PATCH',
    path: `${team}/configmaps/theirs`,
    body: patch,
    says: label,
  },
  { what: 'delete a ConfigMap without its label', method: 'DELETE', path: `${team}/configmaps/theirs`, says: label },
  {
    what: 'patch a Secret without its label',
    method: 'PATCH',
    path: `${team}/secrets/theirs`,
    body: patch,
    says: label,
  },
  { what: 'delete a Secret', method: 'DELETE', path: `${team}/secrets/theirs`, says: 'cannot delete' },
  {
    what: 'redirect a Service without its label',
    method: 'PATCH',
    path: `${team}/services/theirs`,
    body: patch,
    says: label,
  },
  {
    what: 'adopt by putting its label on',
    method: 'PATCH',
    path: `${team}/configmaps/theirs`,
    body: adopt,
    says: label,
  },
  {
    what: 'take its label off',
    method: 'PATCH',
    path: `${team}/configmaps/mcp-sky`,
    body: { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
    says: 'what the operator makes carries its label',
  },
  {
    what: 'make an object without its label',
    method: 'POST',
    path: `${team}/configmaps`,
    body: { metadata: { name: 'bare' } },
    says: 'what the operator makes carries its label',
  },
  {
    what: 'change what carries its label and belongs to others',
    method: 'PATCH',
    path: `${team}/configmaps/labelled`,
    body: patch,
    says: unowned,
  },
  {
    what: 'delete what carries its label and belongs to others',
    method: 'DELETE',
    path: `${team}/configmaps/labelled`,
    says: unowned,
  },
  {
    what: 'delete its own ServiceAccount',
    method: 'DELETE',
    path: '/api/v1/namespaces/bartizan-system/serviceaccounts/bartizan-operator',
    says: label,
  },
  {
    what: 'name what admission adds',
    method: 'PATCH',
    path: '/api/v1/namespaces/bartizan-system/serviceaccounts/bartizan-operator',
    body: { metadata: { annotations: { 'mcp.gateway.io/admission-adds': 'x' } } },
    says: label,
  },
  {
    what: 'change an Event of others',
    method: 'PATCH',
    path: `${events}/events/theirs.1`,
    body: { series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } },
    says: 'denied request',
  },
  {
    what: 'scale a Deployment',
    method: 'PATCH',
    path: `${apps}/deployments/mcp-sky/scale`,
    body: {},
    says: 'cannot patch',
  },
  { what: 'bind a pod to a node', method: 'POST', path: `${team}/pods/ours/binding`, body: {}, says: 'cannot create' },
  { what: 'evict a pod', method: 'POST', path: `${team}/pods/ours/eviction`, body: {}, says: 'cannot create' },
  { what: 'make endpoints', method: 'POST', path: `${team}/endpoints`, body: cluster('x'), says: 'cannot create' },
  { what: 'delete many Secrets at once', method: 'DELETE', path: `${team}/secrets`, says: 'cannot deletecollection' },
  {
    what: 'change a server',
    method: 'PATCH',
    path: `${ours}/mcpservers/weather`,
    body: { spec: { image: 'other' } },
    says: 'cannot patch',
  },
  { what: 'delete a server', method: 'DELETE', path: `${ours}/mcpservers/weather`, says: 'cannot delete' },
  { what: 'make a key', method: 'POST', path: `${ours}/apikeys`, body: cluster('x'), says: 'cannot create' },
  {
    what: 'loosen a policy',
    method: 'PATCH',
    path: `${ours}/guardrailpolicies/baseline`,
    body: { spec: { servers: [] } },
    says: 'cannot patch',
  },
]

/** What the operator must not be able to do with its token in a namespace `team` that holds one of everything with its label and one without. */
export const forbidden: readonly Forbidden[] = [
  ...reading,
  ...power,
  ...pods,
  ...objects,
  ...inKubeSystem,
  ...fields.flatMap(triesOfField),
]
