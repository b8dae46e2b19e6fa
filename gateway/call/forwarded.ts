import type { IncomingHttpHeaders } from 'node:http'
import type { Era } from '../exchange.ts'
import { parameterPrefix } from '../mcp/parameters.ts'
import type { UpstreamHeaders } from '../upstream/upstream.ts'

/**
 * Request headers that go to the server. Credentials, cookies, hop-by-hop and `X-Forwarded-*` headers are not among them, nor anything of
 * `Mcp-*` that nobody compared with the body: what was judged is what is sent.
 */
const always: readonly string[] = [
  'accept',
  'user-agent',
  'accept-language',
  'last-event-id',
  'mcp-protocol-version',
  'traceparent',
  'tracestate',
  'baggage',
]

/** Compared with the body in the modern era only; legacy servers do not know them. */
const modernOnly: readonly string[] = ['mcp-method', 'mcp-name']

const travels = (name: string): boolean =>
  name === 'mcp-session-id' || name.startsWith(parameterPrefix) || always.includes(name) || modernOnly.includes(name)

/**
 * The name of a header that `Connection` declares to end here (RFC 9110 section 7.6.1) although it has to go on, or undefined: whether it was
 * there would depend on who reads the request.
 */
export function endsHere(connection: string | undefined): string | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return connection
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .find(travels)
}

/** The forwarded headers of a request; of the session id the server gets its own. `named`: `Mcp-Name` was compared with the body. */
export function requestHeaders(
  headers: IncomingHttpHeaders,
  era: Era,
  upstreamSession: string | undefined,
  named = false,
): Record<string, string> {
  // The answer must be readable to the guardrails, so no encoding is offered.
  const out: Record<string, string> = { 'accept-encoding': 'identity' }
  // Our own word: the body was read as this, whatever else a server might make of the caller's spelling.
  if (headers['content-type'] !== undefined) out['content-type'] = 'application/json'
  copy(headers, always, out)
  if (era === 'legacy') {
    if (upstreamSession !== undefined) out['mcp-session-id'] = upstreamSession
    return out
  }
  copy(headers, modernOnly, out)
  if (!named) delete out['mcp-name']
  for (const name in headers) {
    const value = headers[name]
    if (name.startsWith(parameterPrefix) && typeof value === 'string') out[name] = value
  }
  return out
}

function copy(headers: IncomingHttpHeaders, names: readonly string[], out: Record<string, string>): void {
  for (const name of names) {
    const value = headers[name]
    if (typeof value === 'string') out[name] = value
  }
}

const responseNames: readonly string[] = [
  'cache-control',
  'retry-after',
  'x-accel-buffering',
  'traceparent',
  'tracestate',
]

/**
 * The response headers that a client gets, by list, as Node's flat array: an `Alt-Svc`, a `Set-Cookie` or a `WWW-Authenticate` of the server
 * would speak to the client in the gateway's name. Each name once. `type` is ours: what was read as UTF-8 must not be read as anything else.
 */
export function responseHeaders(
  headers: UpstreamHeaders,
  type: string | undefined,
  sealedSession: string | undefined,
): string[] {
  const out: string[] = type === undefined ? [] : ['content-type', type]
  for (const name of responseNames) push(out, name, headers[name])
  for (const name in headers) if (name.startsWith('mcp-') && name !== 'mcp-session-id') push(out, name, headers[name])
  if (sealedSession !== undefined) out.push('mcp-session-id', sealedSession)
  return out
}

/** Other bytes would arrive as other signs than they were, and nobody needs a long one. */
const passable = /^[ -~]{0,1024}$/

function push(out: string[], name: string, value: string | string[] | undefined): void {
  const one = typeof value === 'string' ? value : value?.[0]
  if (one !== undefined && passable.test(one)) out.push(name, one)
}
