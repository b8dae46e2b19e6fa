import type { Check } from './compare.ts'
import { exchange, opened, type Answer, type Call } from './raw-http.ts'

/**
 * Exact statuses that the official suite does not look at (a 202 that became a 200 passes all of it), asked on plain sockets. The status of
 * such a check is what came back, so that direct and through the gateway are compared and not judged by an opinion.
 */
export const rawScenario = 'bartizan-raw'

const both = 'application/json, text/event-stream'

const seen = ({ status, type, body }: Answer): string =>
  [status, type || 'no type', body.length === 0 ? 'empty' : 'body', codeOf(body)].filter(Boolean).join(', ')

/** The JSON-RPC code of a body, if it is one whose use the specifications fix; all others are free. */
function codeOf(body: string): string {
  const code = Number(/"code":\s*(-\d+)/.exec(body)?.[1])
  const fixed = (code >= -32_700 && code <= -32_600) || (code >= -32_022 && code <= -32_020)
  return fixed ? `code ${code}` : ''
}

const json = (message: object): string => JSON.stringify({ jsonrpc: '2.0', ...message })

/** The statuses of a session from its first request to the one after its end (2025-06-18 and 2025-11-25). */
async function legacyChecks(url: string, revision: string): Promise<Check[]> {
  const checks: Check[] = []
  const note = (id: string, answer: Answer): Answer => {
    checks.push({ id: `${rawScenario}-${id}`, status: seen(answer) })
    return answer
  }
  const post = (body: string, headers: Record<string, string> = {}): Call => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: both, ...headers },
    body,
  })
  const params = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'raw', version: '1.0.0' } }
  const first = note('initialize', await exchange(url, post(json({ id: 1, method: 'initialize', params }))))
  const session = { 'mcp-session-id': first.headers['mcp-session-id'] ?? '', 'mcp-protocol-version': revision }

  note('202-notification', await exchange(url, post(json({ method: 'notifications/initialized' }), session)))
  note('202-response', await exchange(url, post(json({ id: 'nobody-asked', result: {} }), session)))
  // Who answers this is free, and with it whether as a stream: the code is what counts.
  const unknown = await exchange(url, post(json({ id: 2, method: 'no/such' }), session))
  note('unknown-method', { ...unknown, type: 'any type' })
  note('no-session', await exchange(url, post(json({ id: 3, method: 'tools/list' }))))
  const stranger = { ...session, 'mcp-session-id': 'no-such-session' }
  note('unknown-session', await exchange(url, post(json({ id: 4, method: 'tools/list' }), stranger)))
  note(
    'content-type',
    await exchange(url, post(json({ id: 5, method: 'ping' }), { ...session, 'content-type': 'text/plain' })),
  )
  note(
    'not-acceptable',
    await exchange(url, post(json({ id: 6, method: 'ping' }), { ...session, accept: 'text/html' })),
  )
  note('not-json', await exchange(url, post('{', session)))
  note(
    'bad-origin',
    await exchange(url, post(json({ id: 7, method: 'ping' }), { ...session, origin: 'http://evil.example' })),
  )
  note('put', await exchange(url, { method: 'PUT', headers: session, body: '' }))

  const get: Call = { method: 'GET', headers: { accept: 'text/event-stream', ...session } }
  const stream = await opened(url, get)
  note('get', stream.answer)
  note('second-get', await exchange(url, get))
  stream.close()
  note('delete', await exchange(url, { method: 'DELETE', headers: session }))
  note('ended-session', await exchange(url, post(json({ id: 8, method: 'ping' }), session)))
  return checks
}

/** The statuses of requests that need no session (2026-07-28). */
async function modernChecks(url: string, revision: string): Promise<Check[]> {
  const checks: Check[] = []
  const note = (id: string, answer: Answer): void => {
    checks.push({ id: `${rawScenario}-${id}`, status: seen(answer) })
  }
  const meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const post = (
    message: { method: string; id?: number; params?: object },
    headers: Record<string, string> = {},
  ): Call => ({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: both,
      'mcp-protocol-version': revision,
      'mcp-method': message.method,
      ...headers,
    },
    body: json({ ...message, params: { ...message.params, _meta: meta } }),
  })
  const cancelled = { method: 'notifications/cancelled', params: { requestId: 'nothing' } }
  note('202-notification', await exchange(url, post(cancelled)))
  note('discover', await exchange(url, post({ id: 1, method: 'server/discover' })))
  note('unknown-method', await exchange(url, post({ id: 2, method: 'no/such' })))
  note('stray-session', await exchange(url, post({ id: 3, method: 'server/discover' }, { 'mcp-session-id': 'stray' })))
  const call = { id: 4, method: 'tools/call', params: { name: 'test_simple_text', arguments: {} } }
  note('call', await exchange(url, post(call, { 'mcp-name': 'test_simple_text' })))
  note('name-missing', await exchange(url, post(call)))
  note('name-differs', await exchange(url, post(call, { 'mcp-name': 'test_image_content' })))
  note('no-claim', await exchange(url, { ...post(call), body: json({ id: 5, method: 'tools/list' }) }))
  note(
    'content-type',
    await exchange(url, post(call, { 'mcp-name': 'test_simple_text', 'content-type': 'text/plain' })),
  )
  note('array', await exchange(url, { ...post(call), body: `[${post(call).body ?? ''}]` }))
  return checks
}

/** Asks everything above of one endpoint, with the spelling of one revision. */
export const rawChecks = (url: string, revision: string): Promise<Check[]> =>
  revision === '2026-07-28' ? modernChecks(url, revision) : legacyChecks(url, revision)
