import type { Call } from './raw-http.ts'

/** A JSON-RPC message without its version. */
export type Raw = {
  readonly id?: number | string
  readonly method?: string
  readonly params?: object
  readonly result?: object
}

/** Spells one message as a request of its own; further headers override the usual ones. */
export type Post = (message: Raw, headers?: Readonly<Record<string, string>>) => Call

const usual = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** How a message travels up to 2025-11-25; `session` holds the headers that the handshake gave. */
export const legacyPost =
  (session: Readonly<Record<string, string>> = {}): Post =>
  (message, headers) => ({
    method: 'POST',
    headers: { ...usual, ...session, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  })

type Params = { readonly name?: string; readonly uri?: string; readonly _meta?: object }

/** How a message travels at 2026-07-28: claims in `_meta`, and the headers that repeat the body. */
export const modernPost =
  (revision: string): Post =>
  (message, headers) => {
    const params: Params = message.params ?? {}
    const name = params.name ?? params.uri
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': revision,
      'io.modelcontextprotocol/clientCapabilities': {},
      ...params._meta,
    }
    return {
      method: 'POST',
      headers: {
        ...usual,
        'mcp-protocol-version': revision,
        'mcp-method': message.method ?? '',
        ...(name !== undefined && { 'mcp-name': name }),
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message, params: { ...params, _meta } }),
    }
  }
