import { defaultMemory, gatewayFlags } from '../../../gateway/config/flags.ts'
import { podAuditFile, podAuditVolume } from '../../../gateway/config/rotation.ts'
import { tlsFolder } from '../configuration/gateway-config.ts'
import { gatewayUser, restricted, scratch } from './container.ts'
import { drainHook } from './drain-hook.ts'
import { childName, guardName, ports } from '../model/names.ts'

/** Folders in the gateway's container. */
const folders = { config: '/etc/bartizan/config', guard: '/etc/bartizan/guard' } as const

const probe = (path: string) => ({ httpGet: { path, port: ports.admin } })

const port = (name: string, containerPort: number): object => ({ name, containerPort, protocol: 'TCP' })

export type GatewayPart = {
  readonly image: string
  /** Beside a server it is a native sidecar, else the only container. */
  readonly sidecar: boolean
  readonly tls: boolean
  readonly drainToken: string | undefined
  /** Whether the audit log goes to files in a volume instead of standard output. */
  readonly auditFile: boolean
}

/**
 * The gateway's container. Startup and liveness ask whether it listens and has compiled, never for the server: the server starts only after the
 * startup probe has passed, so asking for it would wait for ever. Alone in its pod it drains by its own hook; beside a server the server's
 * container has the hook, since a sidecar is told to end only after the server has ended.
 */
export function gatewayContainer({ image, sidecar, tls, drainToken, auditFile }: GatewayPart): object {
  return {
    name: 'gateway',
    image,
    ...(sidecar && { restartPolicy: 'Always' }),
    // The flags of V8 that were measured; NODE_OPTIONS would not take all of them.
    command: ['node', ...gatewayFlags(defaultMemory), '/app/main.mjs'],
    // What the gateway knows is mounted or told; it has nothing to keep, so there is no folder that it could write to.
    args: [
      '--pod',
      '--config',
      folders.config,
      '--guard',
      `${folders.guard}/guard`,
      ...(auditFile ? ['--audit', podAuditFile] : []),
    ],
    env: [{ name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
    ports: [port('mcp', ports.client), port('admin', ports.admin), port('metrics', ports.metrics)],
    startupProbe: { ...probe('/-/livez'), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe('/-/livez'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe('/-/readyz'), periodSeconds: 5, failureThreshold: 2 },
    ...(!sidecar && drainHook(drainToken)),
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: `${defaultMemory}Mi` } },
    securityContext: { ...restricted, runAsUser: gatewayUser, runAsGroup: gatewayUser },
    volumeMounts: [
      { name: 'config', mountPath: folders.config, readOnly: true },
      { name: 'guard', mountPath: folders.guard, readOnly: true },
      ...(auditFile ? [{ name: 'audit', mountPath: podAuditFile.slice(0, podAuditFile.lastIndexOf('/')) }] : []),
      ...(tls ? [{ name: 'tls', mountPath: tlsFolder, readOnly: true }] : []),
    ],
  }
}

/** Readable for the group of the pod alone. */
const defaultMode = 0o440

/** The volumes that only the gateway mounts. Names of Secrets, never their content: all of them are read anew when they change. */
export const gatewayVolumes = (server: string, tlsSecret: string | undefined, auditFile: boolean): object[] => [
  { name: 'config', configMap: { name: childName(server) } },
  { name: 'guard', secret: { secretName: guardName(server), defaultMode } },
  ...(auditFile ? [scratch('audit', podAuditVolume)] : []),
  ...(tlsSecret === undefined ? [] : [{ name: 'tls', secret: { secretName: tlsSecret, defaultMode } }]),
]
