import type { IncomingHttpHeaders } from 'node:http'
import type { Era, Message } from '../exchange.ts'
import { legacyRevisions, modernRevision } from '../mcp/era.ts'
import { encodeHeader } from '../mcp/headers.ts'
import { isAboutTask } from '../mcp/task-ids.ts'
import { parameterPrefix } from '../mcp/parameters.ts'
import type { UpstreamHeaders } from '../upstream/upstream.ts'

/**
 * Request headers that go to the server. Credentials, cookies, hop-by-hop and `X-Forwarded-*` headers are not among them, nor anything of
 * `Mcp-*` that was not compared with the body: what was judged is what is sent.
 */
const always: readonly string[] = [
  'accept',
  'user-agent',
  'accept-language',
  'mcp-protocol-version',
  'traceparent',
  'tracestate',
  'baggage',
]

/** Compared with the body in the modern era only; legacy servers do not know them. */
const modernOnly: readonly string[] = ['mcp-method', 'mcp-name']

const travels = (name: string): boolean =>
  name === 'mcp-session-id' ||
  name === 'last-event-id' ||
  name.startsWith(parameterPrefix) ||
  always.includes(name) ||
  modernOnly.includes(name)

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

/** Puts the name of a task as the server knows it: the caller's header has the id that they hold. */
export function nameTask(headers: Record<string, string>, { method, params }: Message): void {
  const id = isAboutTask(method) ? (params as { taskId?: unknown }).taskId : undefined
  if (typeof id === 'string') headers['mcp-name'] = encodeHeader(id)
}

/** What is known of a revision is all that a server can say about it. */
const isRevision = (value: string): boolean => value === modernRevision || legacyRevisions.has(value)

const directive =
  /^(?:no-cache|no-store|no-transform|private|public|immutable|must-revalidate|proxy-revalidate|must-understand|(?:s-maxage|max-age|stale-while-revalidate|stale-if-error)=\d{1,10})$/i

const isDate = (value: string): boolean => value.length === 29 && new Date(value).toUTCString() === value

/**
 * The response headers that pass, and what each may say. A header is read by programs and by people who look for errors, and no detector sees
 * it: so there is none in which a server could write what it likes.
 */
const responseNames: Readonly<Record<string, (value: string) => boolean>> = {
  'cache-control': value => value.length <= 200 && value.split(',').every(part => directive.test(part.trim())),
  'retry-after': value => /^\d{1,9}$/.test(value) || isDate(value),
  'x-accel-buffering': value => value === 'yes' || value === 'no',
  traceparent: value => /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(value),
  'mcp-protocol-version': isRevision,
}

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
  for (const name in responseNames) push(out, name, headers[name])
  if (sealedSession !== undefined) out.push('mcp-session-id', sealedSession)
  return out
}

function push(out: string[], name: string, value: string | string[] | undefined): void {
  const one = typeof value === 'string' ? value : value?.[0]
  if (one !== undefined && responseNames[name]?.(one) === true) out.push(name, one)
}
