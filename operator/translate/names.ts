/** Ports of a gateway in a pod, and of its Service. */
export const ports = { client: 18_080, admin: 18_081, metrics: 9090, service: 8080, tlsService: 8443 } as const

/** Deployment, Service and ConfigMap of a server. The prefix keeps them apart from a Service of the same name that a `url` may point to. */
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

export const labels = (server: string): Record<string, string> => ({
  ...selectorLabels(server),
  'app.kubernetes.io/managed-by': 'bartizan',
})

/** The owned Secret that keeps the digest of a generated key. */
export const digestSecretName = (apiKey: string): string => `${apiKey}-digest`
