import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { hashOf } from '../../../gateway/config/hash.ts'
import { milliseconds } from '../../../gateway/config/kit.ts'
import { defaultTimeouts } from '../../../gateway/config/servers.ts'
import type { ObjectContext, ServerView } from '../context.ts'
import { sortedBy } from '../model/document.ts'
import { childName, labels } from '../model/names.ts'
import { grantedUses, type SecretVariable } from '../policy/secrets.ts'
import { gatewayUser, serverUser } from './container.ts'
import { gatewayContainer, gatewayVolumes } from './gateway-container.ts'
import { serverContainer, serverVolumes } from './server-container.ts'

/** Everything that the pods of a server are made of beside its spec. Plain data: as long as it is the same, no pod is another. */
export type PodInputs = {
  readonly server: string
  readonly gatewayImage: string
  readonly drainToken: string | undefined
  readonly tlsSecret: string | undefined
  /** Whether the audit log goes to files in a volume instead of standard output. */
  readonly auditFile: boolean
  readonly variables: readonly SecretVariable[]
  /** Variables and mounts read a Secret once, when the container starts, so a changed Secret must change the pod. */
  readonly secretHashes: readonly string[]
  /** Secrets that the spec names and that are not given to it. */
  readonly reserved: readonly string[]
}

function secretHashes(spec: MCPServerSpec, { snapshot, reserved }: ObjectContext): string[] {
  const named = new Set(grantedUses(spec, reserved).map(use => use.name))
  const facts = snapshot.secrets.filter(one => one.namespace === snapshot.namespace && named.has(one.name))
  return sortedBy(facts, one => one.name).map(one => `${one.name}=${one.hash}`)
}

export function podInputs(spec: MCPServerSpec, view: ServerView, context: ObjectContext): PodInputs {
  const { snapshot, settings, reserved } = context
  const { name } = view.server.document
  return {
    server: name,
    gatewayImage: snapshot.gatewayImage ?? 'bartizan-gateway',
    drainToken: snapshot.drainTokens?.[name],
    tlsSecret: settings.spec.tls?.secretName,
    auditFile: settings.spec.audit?.output === 'File',
    variables: view.secrets.variables,
    secretHashes: secretHashes(spec, context),
    reserved: [...reserved],
  }
}

/** What a drain waits for clients to arrive elsewhere, and what ending takes after the last call. Seconds. */
const settling = 5
const ending = 10

/** The longest request, and what a drain takes around it. */
const graceSeconds = (spec: MCPServerSpec): number =>
  Math.ceil(milliseconds(spec.timeouts?.request ?? defaultTimeouts.request) / 1000) + settling + ending

const security = (fsGroup: number): object => ({
  runAsNonRoot: true,
  fsGroup,
  seccompProfile: { type: 'RuntimeDefault' },
})

/** The server with its gateway as a native sidecar at index 0, so that later init containers would pass the guard, too; or the gateway alone. */
function containers(spec: MCPServerSpec, inputs: PodInputs): object {
  const { server, gatewayImage: image, drainToken, tlsSecret, auditFile } = inputs
  const gateway = { image, tls: tlsSecret !== undefined, drainToken, auditFile }
  const volumes = gatewayVolumes(server, tlsSecret, auditFile)
  if (spec.image === undefined) {
    return {
      securityContext: security(gatewayUser),
      containers: [gatewayContainer({ ...gateway, sidecar: false })],
      volumes,
    }
  }
  const reserved = new Set(inputs.reserved)
  return {
    securityContext: security(serverUser),
    initContainers: [gatewayContainer({ ...gateway, sidecar: true })],
    containers: [serverContainer(spec, { ...inputs, reserved })],
    volumes: [...volumes, ...serverVolumes(spec, reserved)],
  }
}

/** What the pod is made of. A change restarts it, so nothing that the gateway reads anew is in it. */
function podSpec(spec: MCPServerSpec, inputs: PodInputs): object {
  const pull = (spec.imagePullSecrets ?? []).filter(({ name }) => !inputs.reserved.includes(name))
  return {
    serviceAccountName: childName(inputs.server),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds(spec),
    ...(pull.length > 0 && { imagePullSecrets: pull.map(({ name }) => ({ name })) }),
    ...containers(spec, inputs),
  }
}

/** Annotation of a template: names the shape of its pods. */
export const podShape = 'mcp.gateway.io/pod-shape'

/** The template of the pods. The annotation names their shape: canonical, and with the Secrets that they read when they start. */
export function podTemplate(spec: MCPServerSpec, inputs: PodInputs): object {
  const shape = podSpec(spec, inputs)
  return {
    metadata: {
      labels: labels(inputs.server),
      annotations: { [podShape]: hashOf([shape, inputs.secretHashes]).slice(0, 16) },
    },
    spec: shape,
  }
}
