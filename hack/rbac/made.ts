import { randomUUID } from 'node:crypto'
import { apps, core, events, leases, networking } from './places.ts'

/** Objects as the operator makes them: whatever differs from one of these is for the fence to judge. */

type Body = { readonly metadata: object; readonly [field: string]: unknown }
export type Made = { readonly path: string; readonly body: Body }

/** The reference by which an object belongs to one of ours. */
export const ownedBy = (kind: string, name: string, uid: string = randomUUID()): readonly object[] => [
  { apiVersion: 'mcp.gateway.io/v1', kind, name, uid, controller: true, blockOwnerDeletion: true },
]

export const managed = { 'app.kubernetes.io/managed-by': 'bartizan' } as const
export const selector = (server: string) => ({
  'app.kubernetes.io/name': 'mcp-server',
  'app.kubernetes.io/instance': server,
})

/** The server for which everything is there when something is tried. */
export const server = 'sky'

const restricted = {
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

export const container = (more: object = {}): object => ({
  name: 'server',
  image: 'example.test/mcp:1',
  securityContext: restricted,
  ...more,
})
export const loose = (more: object): object => container({ securityContext: { ...restricted, ...more } })

export const podOf = (server: string): object => ({
  serviceAccountName: `mcp-${server}`,
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, fsGroup: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container()],
  volumes: [{ name: 'tmp', emptyDir: {} }],
})

const metadataOf = (server: string, uid?: string) => ({
  name: `mcp-${server}`,
  labels: { ...selector(server), ...managed },
  ownerReferences: ownedBy('MCPServer', server, uid),
})

/** What is made for a server, and for the APIKey of the same name. */
export const madeFor = (server: string, uid?: string, keyUid: string | undefined = uid) =>
  ({
    ServiceAccount: {
      path: `${core}/serviceaccounts`,
      body: { metadata: metadataOf(server, uid), automountServiceAccountToken: false },
    },
    ConfigMap: {
      path: `${core}/configmaps`,
      body: { metadata: metadataOf(server, uid), data: { 'gateway.1.json': '{}', 'keys.1.json': '{}' } },
    },
    Service: {
      path: `${core}/services`,
      body: {
        metadata: metadataOf(server, uid),
        spec: {
          selector: selector(server),
          ports: [{ name: 'http', port: 8080, protocol: 'TCP', targetPort: 18_080 }],
        },
      },
    },
    NetworkPolicy: {
      path: `${networking}/networkpolicies`,
      body: {
        metadata: metadataOf(server, uid),
        spec: {
          podSelector: { matchLabels: selector(server) },
          policyTypes: ['Ingress', 'Egress'],
          ingress: [{ ports: [{ protocol: 'TCP', port: 18_080 }] }],
        },
      },
    },
    Deployment: {
      path: `${apps}/deployments`,
      body: {
        metadata: metadataOf(server, uid),
        spec: {
          selector: { matchLabels: selector(server) },
          template: { metadata: { labels: { ...selector(server), ...managed } }, spec: podOf(server) },
        },
      },
    },
    'guard Secret': {
      path: `${core}/secrets`,
      body: {
        metadata: { ...metadataOf(server, uid), name: `${server}-guard` },
        type: 'Opaque',
        data: { guard: 'AAAA' },
      },
    },
    'digest Secret': {
      path: `${core}/secrets`,
      body: {
        metadata: { name: `${server}-digest`, labels: managed, ownerReferences: ownedBy('APIKey', server, keyUid) },
        type: 'Opaque',
        data: { digest: 'AAAA', secretName: 'AAAA' },
      },
    },
    Event: {
      path: `${events}/events`,
      body: {
        metadata: { name: `${server}.1`, namespace: 'team' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'mcp.gateway.io/operator',
        reportingInstance: 'operator-1',
        regarding: { apiVersion: 'mcp.gateway.io/v1', kind: 'MCPServer', name: server, namespace: 'team' },
        type: 'Normal',
        reason: 'Created',
        action: 'Create',
        note: 'Created Service',
      },
    },
    Lease: { path: leases, body: { metadata: { name: 'bartizan-operator' }, spec: { holderIdentity: 'x' } } },
  }) satisfies Readonly<Record<string, Made>>

export type MadeKind = keyof ReturnType<typeof madeFor>

/** A JSON merge patch (RFC 7396), applied. */
export function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const before = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {}
  const after = new Map<string, unknown>(Object.entries(before))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) after.delete(key)
    else after.set(key, merged(after.get(key), value))
  }
  return Object.fromEntries(after)
}
