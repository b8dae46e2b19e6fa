import type { Exchange } from './stage.ts'

/** What shows that a field is alive: Kubernetes objects, the status, or what a gateway does in an exchange. */
export type Witness = 'objects' | 'status' | Exchange

/** How one leaf is proved: documents that set it, the values it is given, and where the difference shows. */
export type Sample = {
  readonly documents: readonly object[]
  /** For a leaf whose schema does not single out values. */
  readonly values?: readonly unknown[]
  readonly witness: Witness
  /** Where, when the leaf has another proof elsewhere. */
  readonly where?: string
  /** Play the gateway of a pod instead of the one for all servers. */
  readonly pod?: true
}

/** An object of ours. */
export const object = (
  kind: string,
  name: string,
  spec: object,
  labels?: Readonly<Record<string, string>>,
): object => ({
  apiVersion: 'mcp.gateway.io/v1',
  kind,
  metadata: { name, ...(labels && { labels }) },
  spec,
})

/** A server at the scripted upstream. */
export const server = (spec: object = {}, name = 'one', labels?: Readonly<Record<string, string>>): object =>
  object('MCPServer', name, { url: 'http://127.0.0.1:$PORT/mcp', ...spec }, labels)

/** A server that is run from an image. */
export const image = (spec: object = {}): object => object('MCPServer', 'one', { image: 'example/one:1', ...spec })

export const key = (spec: object = {}): object =>
  object('APIKey', 'robot', { digests: ['$DIGEST'], allowedServers: ['one'], ...spec })

export const policy = (spec: object): object => object('GuardrailPolicy', 'strict', { servers: ['one'], ...spec })

/** The settings of the namespace; loopback is where the scripted upstream is. */
export const settings = (spec: object = {}): object =>
  object('MCPGateway', 'default', { servers: { allowedNetworks: ['127.0.0.0/8'] }, ...spec })
