import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import type { Quantity, Resources } from '../../../crds/resources.ts'
import { restricted, scratch, serverUser } from './container.ts'
import { drainHook } from './drain-hook.ts'
import { healthProbes } from './health-probe.ts'
import { compareQuantities } from '../model/quantity.ts'
import { grantedUses, type ReservedSecrets, type SecretUse, type SecretVariable } from '../policy/secrets.ts'

const defaults = { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } } as const

/** Limit and request of one resource. What is not said gives way to what is said: a request never exceeds its limit. */
function amount(name: 'cpu' | 'memory', resources: Resources | undefined): { limit: Quantity; request: Quantity } {
  const [limit, request] = [resources?.limits?.[name], resources?.requests?.[name]]
  if (limit !== undefined && request !== undefined) return { limit, request }
  if (limit !== undefined) {
    const usual = defaults.requests[name]
    return { limit, request: compareQuantities(usual, limit) > 0 ? limit : usual }
  }
  const usual = defaults.limits[name]
  if (request === undefined) return { limit: usual, request: defaults.requests[name] }
  return { request, limit: compareQuantities(request, usual) > 0 ? request : usual }
}

function resourcesOf(resources: Resources | undefined): object {
  const [cpu, memory] = [amount('cpu', resources), amount('memory', resources)]
  return {
    limits: { cpu: cpu.limit, memory: memory.limit },
    requests: { cpu: cpu.request, memory: memory.request },
  }
}

type Mount = SecretUse & { readonly mountPath: string }

/** The Secrets that appear as folders. */
const mountsOf = (spec: MCPServerSpec, reserved: ReservedSecrets): Mount[] =>
  grantedUses(spec, reserved).filter((use): use is Mount => use.mountPath !== undefined)

const volumeName = (at: number): string => `secret-${at}`

export type ServerPart = {
  readonly reserved: ReservedSecrets
  readonly variables: readonly SecretVariable[]
  readonly drainToken: string | undefined
}

/** The container of a server that is run from an image. The last lines of a server that ended badly tell why; nothing is quoted from them. */
export function serverContainer(spec: MCPServerSpec, { reserved, variables, drainToken }: ServerPart): object {
  const secrets = variables.map(({ variable, secret, key }) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name: secret, key } },
  }))
  const named = new Set([...(spec.env ?? []).map(env => env.name), ...secrets.map(env => env.name)])
  return {
    name: 'server',
    image: spec.image,
    ...(spec.command && { command: spec.command }),
    ...(spec.args && { args: spec.args }),
    ports: [{ name: 'server', containerPort: spec.port ?? 8080, protocol: 'TCP' }],
    env: [...(named.has('HOME') ? [] : [{ name: 'HOME', value: '/tmp' }]), ...(spec.env ?? []), ...secrets],
    ...healthProbes(spec),
    ...drainHook(drainToken),
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: resourcesOf(spec.resources),
    securityContext: { ...restricted, runAsUser: serverUser, runAsGroup: serverUser },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...mountsOf(spec, reserved).map((use, at) => ({
        name: volumeName(at),
        mountPath: use.mountPath,
        readOnly: true,
      })),
    ],
  }
}

/** The volumes that the server's container mounts. */
export const serverVolumes = (spec: MCPServerSpec, reserved: ReservedSecrets): object[] => [
  scratch('tmp'),
  ...mountsOf(spec, reserved).map(({ name, key }, at) => ({
    name: volumeName(at),
    secret: { secretName: name, defaultMode: 0o440, ...(key !== undefined && { items: [{ key, path: key }] }) },
  })),
]
