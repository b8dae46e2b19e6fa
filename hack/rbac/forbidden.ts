export const team = '/api/v1/namespaces/team'
export const apps = '/apis/apps/v1/namespaces/team'
export const ours = '/apis/mcp.gateway.io/v1/namespaces/team'
export const mine = { 'app.kubernetes.io/managed-by': 'bartizan' }

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
}

export const pod = (image: string, container: object = {}) => ({
  automountServiceAccountToken: false,
  containers: [{ name: 'server', image, securityContext: restricted, ...container }],
})

export const deployment = (name: string, labels: object, spec: object = pod('weather')) => ({
  metadata: { name, labels },
  spec: { selector: { matchLabels: { name } }, template: { metadata: { labels: { name } }, spec } },
})

export type Try = { readonly method: string; readonly path: string; readonly body?: unknown }

/** A request that must fail, and what the API server says: RBAC names the verb, the policy its own sentence. */
type Forbidden = Try & { readonly what: string; readonly says: string }

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
    what: 'bind somebody in a namespace',
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
    body: { ...cluster('x'), spec: pod('x') },
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
    path: `${team}/configmaps/ours`,
    body: { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
    says: 'what the operator makes carries its label',
  },
  {
    what: 'make an object without its label',
    method: 'POST',
    path: `${team}/secrets`,
    body: { metadata: { name: 'bare' } },
    says: 'what the operator makes carries its label',
  },
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
  ...['hostNetwork', 'hostPID', 'hostIPC', 'automountServiceAccountToken'].map(field => ({
    what: `deploy a pod with ${field}`,
    method: 'POST',
    path: `${apps}/deployments`,
    body: deployment('strong', mine, { ...pod('weather'), [field]: true }),
    says: 'the operator deploys no pod with',
  })),
  ...[
    {
      what: 'deploy a privileged container',
      container: { securityContext: { ...restricted, privileged: true, allowPrivilegeEscalation: true } },
    },
    { what: 'deploy a container without bounds', container: { securityContext: {} } },
    {
      what: 'deploy a container that may be root',
      container: { securityContext: { ...restricted, runAsNonRoot: false } },
    },
    {
      what: 'deploy a container with a capability',
      container: { securityContext: { ...restricted, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } } },
    },
    { what: 'deploy a container on a port of its node', container: { ports: [{ containerPort: 80, hostPort: 80 }] } },
  ].map(({ what, container }) => ({
    what,
    method: 'POST',
    path: `${apps}/deployments`,
    body: deployment('strong', mine, pod('weather', container)),
    says: 'the operator deploys only containers without',
  })),
  {
    what: 'deploy a sidecar without bounds',
    method: 'POST',
    path: `${apps}/deployments`,
    body: deployment('strong', mine, { ...pod('weather'), initContainers: [{ name: 'first', image: 'x' }] }),
    says: 'the operator deploys only containers without',
  },
  {
    what: 'deploy a pod with the disk of its node',
    method: 'POST',
    path: `${apps}/deployments`,
    body: deployment('strong', mine, { ...pod('x'), volumes: [{ name: 'disk', hostPath: { path: '/' } }] }),
    says: 'the operator deploys no pod with',
  },
  {
    what: 'deploy a pod that mounts a token',
    method: 'POST',
    path: `${apps}/deployments`,
    body: deployment('strong', mine, { ...pod('x'), volumes: [{ name: 't', projected: { sources: [] } }] }),
    says: 'the operator deploys no pod with',
  },
]

/** What the operator must not be able to do with its token in a namespace `team` that holds one of everything with its label and one without. */
export const forbidden = [...reading, ...power, ...pods, ...objects]
