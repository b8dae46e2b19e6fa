import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { hashOf } from '../../../gateway/config/hash.ts'
import { milliseconds } from '../../../gateway/config/kit.ts'
import { defaultTimeouts } from '../../../gateway/config/servers.ts'
import { gatewayUser, serverUser } from './container.ts'
import type { KubernetesObject } from '../model/desired.ts'
import { sortedBy } from '../model/document.ts'
import { gatewayContainer, gatewayVolumes } from './gateway-container.ts'
import { childMetadata } from './metadata.ts'
import { childName, labels, selectorLabels } from '../model/names.ts'
import type { ObjectContext, ServerView } from '../context.ts'
import { grantedUses } from '../policy/secrets.ts'
import { serverContainer, serverVolumes } from './server-container.ts'

/** What a drain waits for clients to arrive elsewhere, and what ending takes after the last call. Seconds. */
const settling = 5
const ending = 10

/** The longest request, and what a drain takes around it. */
const graceSeconds = (spec: MCPServerSpec): number =>
  Math.ceil(milliseconds(spec.timeouts?.request ?? defaultTimeouts.request) / 1000) + settling + ending

/** Annotation of a template: names the shape of its pods. */
export const podShape = 'mcp.gateway.io/pod-shape'

/** Pods that are wanted. */
export const replicasOf = (spec: MCPServerSpec): number => (spec.stopped === true ? 0 : (spec.replicas ?? 1))

/** Variables and mounts read a Secret once, when the container starts, so a changed Secret must change the pod. */
function secretHashes(spec: MCPServerSpec, { snapshot, reserved }: ObjectContext): string[] {
  const named = new Set(grantedUses(spec, reserved).map(use => use.name))
  const facts = snapshot.secrets.filter(one => one.namespace === snapshot.namespace && named.has(one.name))
  return sortedBy(facts, one => one.name).map(one => `${one.name}=${one.hash}`)
}

const security = (fsGroup: number): object => ({
  runAsNonRoot: true,
  fsGroup,
  seccompProfile: { type: 'RuntimeDefault' },
})

/** The server with its gateway as a native sidecar at index 0, so that later init containers would pass the guard, too; or the gateway alone. */
function containers(spec: MCPServerSpec, view: ServerView, context: ObjectContext): object {
  const { snapshot, reserved, settings } = context
  const { name } = view.server.document
  const gateway = {
    image: snapshot.gatewayImage ?? 'bartizan-gateway',
    tls: settings.tls !== undefined,
    drainToken: snapshot.drainTokens?.[name],
    auditFile: settings.auditOutput === 'File',
  }
  const volumes = gatewayVolumes(name, settings.tls?.secretName, gateway.auditFile)
  if (spec.image === undefined) {
    return {
      securityContext: security(gatewayUser),
      containers: [gatewayContainer({ ...gateway, sidecar: false })],
      volumes,
    }
  }
  return {
    securityContext: security(serverUser),
    initContainers: [gatewayContainer({ ...gateway, sidecar: true })],
    containers: [serverContainer(spec, view, context)],
    volumes: [...volumes, ...serverVolumes(spec, reserved)],
  }
}

/** What the pod is made of. A change restarts it, so nothing that the gateway reads anew is in it. */
function podSpec(spec: MCPServerSpec, view: ServerView, context: ObjectContext): object {
  const pull = (spec.imagePullSecrets ?? []).filter(({ name }) => !context.reserved.has(name))
  return {
    serviceAccountName: childName(view.server.document.name),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds(spec),
    ...(pull.length > 0 && { imagePullSecrets: pull.map(({ name }) => ({ name })) }),
    ...containers(spec, view, context),
  }
}

/** The Deployment of a server. The annotation names the shape of its pods: canonical, and with the Secrets that they read when they start. */
export function deployment(spec: MCPServerSpec, view: ServerView, context: ObjectContext): KubernetesObject {
  const { document } = view.server
  const shape = podSpec(spec, view, context)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMetadata(document),
    spec: {
      replicas: replicasOf(spec),
      selector: { matchLabels: selectorLabels(document.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: labels(document.name),
          annotations: { [podShape]: hashOf([shape, secretHashes(spec, context)]).slice(0, 16) },
        },
        spec: shape,
      },
    },
  }
}
