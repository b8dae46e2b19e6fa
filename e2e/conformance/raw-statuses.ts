import { legacyPost, modernPost } from './raw-calls.ts'
import { exchange, opened, type Answer, type Call } from './raw-http.ts'

/** What came back, under a name of ours. */
export type Noted = (id: string, answer: Answer) => void

/** The headers of an open session, for further requests in it. */
export type Session = Readonly<Record<string, string>>

/** Opens a session as a client would. */
export async function openSession(url: string, revision: string, note: Noted): Promise<Session> {
  const post = legacyPost()
  const params = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'raw', version: '1.0.0' } }
  const first = await exchange(url, post({ id: 1, method: 'initialize', params }))
  note('initialize', first)
  const session = { 'mcp-session-id': first.headers['mcp-session-id'] ?? '', 'mcp-protocol-version': revision }
  note('202-notification', await exchange(url, legacyPost(session)({ method: 'notifications/initialized' })))
  return session
}

/** The statuses within a session, down to the request after its end (2025-06-18 and 2025-11-25). */
export async function legacyStatuses(url: string, session: Session, note: Noted): Promise<void> {
  const post = legacyPost(session)
  note('202-response', await exchange(url, post({ id: 'not-asked', result: {} })))
  // Who answers this is free, and with it whether as a stream: the code is what counts.
  note('unknown-method', { ...(await exchange(url, post({ id: 2, method: 'no/such' }))), type: 'any type' })
  note('no-session', await exchange(url, legacyPost()({ id: 3, method: 'tools/list' })))
  const stranger = { 'mcp-session-id': 'no-such-session' }
  note('unknown-session', await exchange(url, post({ id: 4, method: 'tools/list' }, stranger)))
  const ping = { id: 5, method: 'ping' }
  note('content-type', await exchange(url, post(ping, { 'content-type': 'text/plain' })))
  note('not-acceptable', await exchange(url, post(ping, { accept: 'text/html' })))
  note('not-json', await exchange(url, { ...post(ping), body: '{' }))
  note('bad-origin', await exchange(url, post(ping, { origin: 'http://evil.example' })))
  note('bad-version', await exchange(url, post(ping, { 'mcp-protocol-version': '1999-01-01' })))
  note('put', await exchange(url, { method: 'PUT', headers: session, body: '' }))

  const get: Call = { method: 'GET', headers: { accept: 'text/event-stream', ...session } }
  const stream = await opened(url, get)
  note('get', stream.answer)
  note('second-get', await exchange(url, get))
  stream.close()
  note('delete', await exchange(url, { method: 'DELETE', headers: session }))
  note('ended-session', await exchange(url, post({ id: 6, method: 'ping' })))
}

/** The statuses of requests that need no session (2026-07-28). */
export async function modernStatuses(url: string, revision: string, note: Noted): Promise<void> {
  const post = modernPost(revision)
  const cancelled = { method: 'notifications/cancelled', params: { requestId: 'nothing' } }
  note('202-notification', await exchange(url, post(cancelled)))
  const discover = { id: 1, method: 'server/discover' }
  note('discover', await exchange(url, post(discover)))
  note('stray-session', await exchange(url, post(discover, { 'mcp-session-id': 'stray' })))
  note('unknown-method', await exchange(url, post({ id: 2, method: 'no/such' })))
  const call = { id: 3, method: 'tools/call', params: { name: 'test_simple_text', arguments: {} } }
  note('call', await exchange(url, post(call)))
  note('name-missing', await exchange(url, post(call, { 'mcp-name': '' })))
  note('name-differs', await exchange(url, post(call, { 'mcp-name': 'test_image_content' })))
  note('no-claim', await exchange(url, { ...post(call), body: legacyPost()({ id: 4, method: 'tools/list' }).body! }))
  note('content-type', await exchange(url, post(call, { 'content-type': 'text/plain' })))
  note('not-acceptable', await exchange(url, post(call, { accept: 'text/html' })))
  note('array', await exchange(url, { ...post(call), body: `[${post(call).body!}]` }))
}
