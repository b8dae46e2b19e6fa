import { ownedBy, selector, server } from '../made.ts'
import { controlled, type Field } from './field.ts'

const others = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'theirs', uid: 'u-1', controller: true }
const owned = [
  'ServiceAccount',
  'ConfigMap',
  'Service',
  'NetworkPolicy',
  'Deployment',
  'guard Secret',
  'digest Secret',
] as const
const named = ['ServiceAccount', 'ConfigMap', 'Service', 'NetworkPolicy', 'Deployment'] as const
const labelled = ['ServiceAccount', 'ConfigMap', 'Service', 'NetworkPolicy', 'guard Secret', 'digest Secret'] as const

/** What holds for every object of a server. */
export const fieldsOfObjects: readonly Field[] = [
  {
    object: 'every object of a server',
    of: owned,
    field: 'metadata.namespace',
    allowed: 'any that does not begin with `kube-`',
    changes: [],
    tried: owned.map(kind => `make a ${kind} in kube-system`),
  },
  {
    object: 'every object of a server',
    of: owned,
    field: 'metadata.ownerReferences',
    allowed:
      'one, the controller, of the kinds of `mcp.gateway.io`; others that were there. Whether there is an object of that uid CEL cannot know: the garbage collector does',
    changes: [
      { what: 'without an owner', change: { metadata: { ownerReferences: null } }, says: controlled },
      { what: 'for an owner of others', change: { metadata: { ownerReferences: [others] } }, says: controlled },
      {
        what: 'for an owner that does not control it',
        change: { metadata: { ownerReferences: [{ ...ownedBy('MCPServer', server)[0], controller: false }] } },
        says: controlled,
      },
      {
        what: 'for a kind that is none of ours',
        change: { metadata: { ownerReferences: [{ ...ownedBy('MCPAdmin', server)[0], blockOwnerDeletion: false }] } },
        says: controlled,
      },
      {
        what: 'for a second owner',
        change: {
          metadata: { ownerReferences: [...ownedBy('MCPServer', server), { ...others, controller: false }] },
        },
        says: controlled,
      },
    ],
  },
  {
    object: 'every object of a server',
    of: named,
    field: 'metadata.name',
    allowed: '`mcp-` and the name of its MCPServer; a ConfigMap also `last-good-` and the uid of its owner',
    changes: [
      {
        what: 'under another name',
        change: { metadata: { name: 'aws-auth' }, spec: { template: { spec: { serviceAccountName: 'aws-auth' } } } },
        says: 'is named after',
      },
    ],
  },
  {
    object: 'every object of a server',
    of: owned,
    field: 'metadata.finalizers',
    allowed: 'those that were there',
    changes: [
      { what: 'with a finalizer', change: { metadata: { finalizers: ['example.com/x'] } }, says: 'finalizers' },
    ],
  },
  {
    object: 'every object but a Deployment',
    of: labelled,
    field: 'metadata.labels',
    allowed:
      '`managed-by: bartizan`, `name: mcp-server`, `instance` of its own server, `mcp.gateway.io/last-good`; what was there; what `mcp.gateway.io/admission-adds` names',
    changes: [
      { what: 'with a label', change: { metadata: { labels: { grafana_dashboard: '1' } } }, says: 'no other labels' },
      {
        what: 'with the label of another server',
        change: { metadata: { labels: selector('other') } },
        says: 'no other labels',
      },
      {
        what: 'without its label',
        change: { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
        says: 'carries its label',
      },
    ],
  },
  {
    object: 'every object but a Deployment',
    of: labelled,
    field: 'metadata.annotations',
    allowed: 'what was there; what `mcp.gateway.io/admission-adds` names',
    changes: [
      'eks.amazonaws.com/role-arn',
      'azure.workload.identity/client-id',
      'iam.gke.io/gcp-service-account',
      'replicator.v1.mittwald.de/replicate-from',
      'external-dns.alpha.kubernetes.io/hostname',
    ].map(key => ({
      what: `with the annotation ${key}`,
      change: { metadata: { annotations: { [key]: 'x' } } },
      says: 'sets no annotations',
    })),
  },
]
