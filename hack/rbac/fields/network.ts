import { selector } from '../made.ts'
import type { Field } from './field.ts'

const client = { name: 'http', port: 8080, protocol: 'TCP', targetPort: 18_080 }

export const fieldsOfNetwork: readonly Field[] = [
  {
    object: 'Service',
    of: ['Service'],
    field: 'spec.type',
    allowed: '`ClusterIP`',
    changes: ['NodePort', 'LoadBalancer']
      .map(type => ({ what: `of the type ${type}`, change: { spec: { type } }, says: 'of the type ClusterIP' }))
      .concat({
        what: 'of the type ExternalName',
        change: { spec: { type: 'ExternalName', externalName: 'example.com' } as never },
        says: 'of the type ClusterIP',
      }),
  },
  {
    object: 'Service',
    of: ['Service'],
    field: 'spec.*',
    allowed: '`selector`, `ports`, addresses of the cluster, affinity and traffic policy; what was there',
    changes: [
      { externalIPs: ['192.0.2.1'] },
      { externalName: 'example.com' },
      { publishNotReadyAddresses: true },
      { type: 'LoadBalancer', loadBalancerIP: '192.0.2.1' },
      { type: 'LoadBalancer', loadBalancerClass: 'example.com/x' },
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['0.0.0.0/0'] },
    ].map(spec => ({ what: `with ${Object.keys(spec).join(' and ')}`, change: { spec }, says: 'denied request' })),
  },
  {
    object: 'Service',
    of: ['Service'],
    field: 'spec.selector',
    allowed: 'the pods of its own server',
    changes: [
      { what: 'of pods of others', change: { spec: { selector: { app: 'theirs' } } }, says: 'its own server' },
      { what: 'of pods of another server', change: { spec: { selector: selector('other') } }, says: 'its own server' },
      { what: 'without a selector', change: { spec: { selector: null } }, says: 'its own server' },
    ],
  },
  {
    object: 'Service',
    of: ['Service'],
    field: 'spec.ports',
    allowed: 'any port, to 18080 of the pod; no port of a node',
    changes: [
      {
        what: 'past the gateway',
        change: { spec: { ports: [{ ...client, targetPort: 8080 }] } },
        says: 'the client port of a gateway',
      },
      {
        what: 'with a second port',
        change: { spec: { ports: [client, { name: 'x', port: 1, targetPort: 18_081 }] } },
        says: 'the client port of a gateway',
      },
      {
        what: 'with a port of a node',
        change: { spec: { type: 'NodePort', ports: [{ ...client, nodePort: 30_080 }] } },
        says: 'denied request',
      },
    ],
  },
  {
    object: 'NetworkPolicy',
    of: ['NetworkPolicy'],
    field: 'spec.podSelector',
    allowed: 'the pods of its own server',
    changes: [
      { what: 'for all pods', change: { spec: { podSelector: { matchLabels: null } } }, says: 'its own server' },
      {
        what: 'for pods of others',
        change: { spec: { podSelector: { matchLabels: { app: 'theirs' } } } },
        says: 'its own server',
      },
      {
        what: 'for pods by an expression',
        change: {
          spec: { podSelector: { matchLabels: null, matchExpressions: [{ key: 'app', operator: 'Exists' }] } },
        },
        says: 'its own server',
      },
    ],
  },
  {
    object: 'NetworkPolicy',
    of: ['NetworkPolicy'],
    field: 'spec.ingress',
    allowed: 'the ports 18080, 18081 and 9090; what was there',
    changes: [
      { what: 'that lets all in', change: { spec: { ingress: [{}] } }, says: 'only ports of a gateway' },
      ...[{ port: 8080 }, { port: 18_080, endPort: 18_090 }, { port: 'server' }, {}].map(port => ({
        what: `that opens ${JSON.stringify(port)}`,
        change: { spec: { ingress: [{ ports: [{ protocol: 'TCP', ...port }] }] } },
        says: 'only ports of a gateway',
      })),
    ],
  },
  {
    object: 'NetworkPolicy',
    of: ['NetworkPolicy'],
    field: 'spec.policyTypes',
    allowed: 'both',
    changes: ['Ingress', 'Egress'].map(type => ({
      what: `for ${type} alone`,
      change: { spec: { policyTypes: [type] } },
      says: 'both directions',
    })),
  },
  {
    object: 'NetworkPolicy',
    of: [],
    field: 'spec.egress',
    allowed: 'any: a pod without a policy reaches as much, and the operator may delete its policies',
    changes: [],
  },
]
