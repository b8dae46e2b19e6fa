import { tlsFolder } from './config.ts'
import { gatewayUser, restricted } from './container.ts'
import { childName, ports } from './names.ts'
import { guardName } from './secrets.ts'

const probe = (path: string) => ({ httpGet: { path, port: ports.admin } })

/** The gateway's container. In the pod of an image it is a native sidecar, else the only container. */
export function gatewayContainer(image: string, options: { readonly sidecar: boolean; readonly tls: boolean }): object {
  return {
    name: 'gateway',
    image,
    ...(options.sidecar && { restartPolicy: 'Always' }),
    ports: [
      { name: 'mcp', containerPort: ports.client },
      { name: 'admin', containerPort: ports.admin },
      { name: 'metrics', containerPort: ports.metrics },
    ],
    // 60 % of the memory limit: the rest is for buffers, stacks and code.
    env: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=153' }],
    startupProbe: { ...probe('/-/livez'), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe('/-/livez'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe('/-/readyz'), periodSeconds: 5, failureThreshold: 2 },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: { ...restricted, runAsUser: gatewayUser, runAsGroup: gatewayUser },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/bartizan/config', readOnly: true },
      { name: 'guard', mountPath: '/etc/bartizan/guard', readOnly: true },
      ...(options.tls ? [{ name: 'tls', mountPath: tlsFolder, readOnly: true }] : []),
    ],
  }
}

/** The volumes that only the gateway mounts. */
export const gatewayVolumes = (server: string, tlsSecret: string | undefined): object[] => [
  { name: 'config', configMap: { name: childName(server) } },
  { name: 'guard', secret: { secretName: guardName(server) } },
  ...(tlsSecret === undefined ? [] : [{ name: 'tls', secret: { secretName: tlsSecret } }]),
]
