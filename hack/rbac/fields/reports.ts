import { ownedBy, server } from '../made.ts'
import type { Field } from './field.ts'

/** What it makes beside those, and what it writes without owning it. */
export const fieldsOfReports: readonly Field[] = [
  {
    object: 'ServiceAccount',
    of: ['ServiceAccount'],
    field: 'automountServiceAccountToken, secrets, imagePullSecrets',
    allowed: '`false`, none, none; what was there',
    changes: [
      { automountServiceAccountToken: true },
      { secrets: [{ name: 'theirs' }] },
      { imagePullSecrets: [{ name: 'theirs' }] },
    ].map(change => ({
      what: `with ${Object.keys(change)[0]}`,
      change,
      says: 'without a token and without Secrets',
    })),
  },
  {
    object: 'ConfigMap',
    of: ['ConfigMap'],
    field: 'data, binaryData',
    allowed: '`gateway.N.json`, `keys.N.json`, `last-good.json`; what was there',
    changes: [{ data: { Corefile: 'x' } }, { binaryData: { x: 'AAAA' } }].map(change => ({
      what: `with another key of ${Object.keys(change)[0]}`,
      change,
      says: 'hold configurations of gateways',
    })),
  },
  {
    object: 'Event',
    of: ['Event'],
    field: 'reportingController, regarding, related',
    allowed: 'its own name; objects of its kinds, in the same namespace; none',
    changes: [
      { reportingController: 'kubelet' },
      { regarding: { apiVersion: 'v1', kind: 'Pod' } },
      { related: { apiVersion: 'v1', kind: 'Pod', name: 'theirs' } },
    ]
      .map(change => ({ what: `with another ${Object.keys(change)[0]}`, change }))
      // kubectl describe asks for kind and name alone.
      .concat({ what: 'about a Pod of its group', change: { regarding: { kind: 'Pod', name: 'theirs' } } as never })
      .map(one => ({ ...one, says: 'under its own name, and about objects of its kinds' })),
  },
  {
    object: 'Event, Lease',
    of: ['Event', 'Lease'],
    field: 'metadata',
    allowed: 'name and namespace',
    changes: [
      { labels: { x: 'y' } },
      { annotations: { x: 'y' } },
      { finalizers: ['example.com/x'] },
      { ownerReferences: ownedBy('MCPServer', server) },
    ].map(metadata => ({
      what: `with ${Object.keys(metadata)[0]}`,
      change: { metadata },
      says: 'carry no labels, annotations, owners or finalizers',
    })),
  },
  {
    object: 'Lease',
    of: ['Lease'],
    field: 'metadata.name',
    allowed: '`bartizan-operator`, in its own namespace; RBAC lets it write Leases nowhere else',
    changes: [{ what: 'of others', change: { metadata: { name: 'theirs' } }, says: 'one Lease' }],
  },
  {
    object: 'Pod',
    of: [],
    field: 'through `/status`',
    allowed: 'annotations below `mcp.gateway.io/` of pods with its label',
    changes: [],
    tried: [
      'touch a pod that is not its own',
      'change the labels of a pod through its status',
      'say that a pod is ready',
      'change annotations of others on a pod',
    ],
  },
  {
    object: 'our kinds',
    of: [],
    field: 'through `/status`',
    allowed: 'any status: what it says of servers is believed by people',
    changes: [],
    tried: ['change a server', 'loosen a policy'],
  },
]
