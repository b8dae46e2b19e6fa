import { apiVersion, group } from '../../crds/index.ts'
import type { ApiObject, ApiResource } from '../kit/resource.ts'
import { children, managedBy, manager, secrets } from '../resources.ts'

/** A write that RBAC lets the operator make and that one policy of config/admission has to refuse; what that policy says. */
export type FenceProbe = {
  readonly policy: string
  readonly resource: ApiResource
  readonly object: ApiObject
  readonly says: string
}

const events: ApiResource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }

const server = 'bartizan-fence-probe'
const name = `mcp-${server}`
const labels = { 'app.kubernetes.io/name': 'mcp-server', 'app.kubernetes.io/instance': server }

/** Each breaks one rule of one policy, and a rule that no other policy has, so that the answer tells which policy was asked. */
export function fenceProbes(namespace: string): readonly FenceProbe[] {
  const metadata = {
    name,
    namespace,
    labels: { ...labels, [managedBy]: manager },
    ownerReferences: [{ apiVersion, kind: 'MCPServer', name: server, uid: server, controller: true }],
  }
  return [
    {
      policy: 'operator',
      resource: children.ConfigMap,
      object: { metadata: { ...metadata, ownerReferences: [] } },
      says: 'what the operator makes is controlled by one object of its kinds',
    },
    {
      policy: 'operator-secrets',
      resource: secrets,
      object: { metadata: { ...metadata, name: `${server}-guard` }, type: `${group}/probe` },
      says: 'only Secrets of the type Opaque',
    },
    {
      policy: 'operator-deployments',
      resource: children.Deployment,
      object: {
        metadata,
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { serviceAccountName: 'default', containers: [{ name: 'probe', image: 'probe' }] },
          },
        },
      },
      says: 'another ServiceAccount than that of its server',
    },
    {
      policy: 'operator-network',
      resource: children.Service,
      object: { metadata, spec: { selector: labels, ports: [{ port: 1 }] } },
      says: 'leads to the client port of a gateway',
    },
    {
      policy: 'operator-reports',
      resource: events,
      object: {
        metadata: { name, namespace },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: `${group}/probe`,
        reportingInstance: 'probe',
        regarding: { apiVersion, kind: 'MCPServer', name: server, namespace },
        type: 'Normal',
        reason: 'Probe',
        action: 'Probe',
      },
      says: 'tells Events under its own name',
    },
  ]
}
