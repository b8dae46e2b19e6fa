/** The ports of a gateway in a pod; its server may use none of them. */
export const podPorts = { client: 18_080, admin: 18_081, metrics: 9090 } as const
