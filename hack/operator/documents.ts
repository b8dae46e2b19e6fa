const document = (kind: string, name: string, spec: object): string =>
  `${JSON.stringify({ apiVersion: 'mcp.gateway.io/v1', kind, metadata: { name }, spec })}\n---\n`

/** An MCPServer to apply, with an image that is never pulled. */
export const server = (name: string, image = 'example.test/mcp:1', more: object = {}): string =>
  document('MCPServer', name, { image, ...more })

/** An APIKey for all servers. */
export const apiKey = (name: string, spec: object): string =>
  document('APIKey', name, { allowedServers: ['*'], ...spec })
