import { podPorts } from '../../../gateway/config/ports.ts'

/** Ports of a gateway in a pod, and of its Service. */
export const ports = { ...podPorts, service: 8080, tlsService: 8443 } as const

/** Where the operator runs unless it is told otherwise. */
export const usualOperatorNamespace = 'bartizan-system'

/** What the pods of the operator carry. */
export const operatorLabels = { 'app.kubernetes.io/name': 'bartizan-operator' } as const

/** Deployment, Service, ConfigMap and the others of a server. The prefix keeps them apart from a Service of the same name that a `url` may point to. */
export const childName = (server: string): string => `mcp-${server}`

/** Host names under which the Service of a server is reached. */
export function serviceHosts(server: string, namespace: string): string[] {
  const name = childName(server)
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`]
}

/** Never changed after creation, hence in the selectors. */
export const selectorLabels = (server: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'mcp-server',
  'app.kubernetes.io/instance': server,
})

/** The same as one text, for the scale subresource. */
export const selectorText = (server: string): string =>
  Object.entries(selectorLabels(server))
    .map(([name, value]) => `${name}=${value}`)
    .join(',')

export const labels = (server: string): Record<string, string> => ({
  ...selectorLabels(server),
  'app.kubernetes.io/managed-by': 'bartizan',
})

/** The name of the Secret that only the gateway of a server mounts. */
export const guardName = (server: string): string => `${server}-guard`

/** The owned Secret that keeps the digest of a generated key. */
export const digestSecretName = (apiKey: string): string => `${apiKey}-digest`
