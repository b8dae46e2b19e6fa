import { afterAll, beforeAll, expect, test } from 'vitest'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { modern, openSession, send, type Reply } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const alice = testKey('alice')
const bob = testKey('bob')
const upstreamId = 'upstream-session-1'

/** A server with one session that answers arrays, as SDK servers do. */
const sessionServer: Respond = ({ method, headers, body }, res) => {
  if (method === 'DELETE') return void res.writeHead(200).end()
  const text = body.toString()
  if (text.includes('"initialize"')) {
    res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': upstreamId })
    return void res.end(
      '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}',
    )
  }
  if (headers['mcp-session-id'] !== upstreamId)
    return void res
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: no session"},"id":null}')
  const answers = [...text.matchAll(/"id":(\d+)/g)].map(([, id]) => `{"jsonrpc":"2.0","id":${id},"result":{}}`)
  res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': upstreamId })
  res.end(text.startsWith('[') ? `[${answers.join(',')}]` : answers[0])
}

let upstream: ScriptedUpstream
let wire: Wire

const config = () => testConfig([testServer('one', upstream.url), testServer('two', upstream.url)])
const start = (folder?: string, port?: number) =>
  startWire({
    name: 'sessions',
    config: config(),
    keys: keysFile(alice, bob),
    ...(folder === undefined ? {} : { folder }),
    ...(port === undefined ? {} : { port }),
  })

beforeAll(async () => {
  upstream = await scriptedUpstream(sessionServer)
  wire = await start()
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const path = '/mcp/one'

const initialize = (revision?: string): Promise<string> => openSession(wire.url, { path, key: alice.secret }, revision)

const ping = (session: string, key = alice.secret, where = path): Promise<Reply> =>
  send(wire.url, {
    path: where,
    key,
    headers: { 'mcp-session-id': session },
    body: '{"jsonrpc":"2.0","id":5,"method":"ping"}',
  })

test('the id that the client holds is sealed: visible ASCII that says nothing of the server’s own', async () => {
  const id = await initialize()
  expect(id).toMatch(/^[\x21-\x7e]+$/)
  expect(Buffer.from(id, 'base64url').includes(upstreamId)).toBe(false)
  expect(await ping(id)).toMatchObject({ status: 200, headers: { 'mcp-session-id': id } })
  expect(upstream.seen.at(-1)!.headers['mcp-session-id']).toBe(upstreamId)
})

test('to another principal, and at another server, a session is as unknown as one that never was', async () => {
  const id = await initialize()
  const unknown = await ping('never-was')
  expect([unknown.status, unknown.body.replace(/d-[a-z0-9]+-[a-z0-9]+/, '')]).toEqual([
    404,
    expect.stringContaining('-32001'),
  ])
  const plain = (reply: Reply): string => reply.body.replace(/d-[a-z0-9]+-[a-z0-9]+/, '')
  const stolen = await ping(id, bob.secret)
  expect([stolen.status, plain(stolen)]).toEqual([404, plain(unknown)])
  expect((await ping(id, alice.secret, '/mcp/two')).status).toBe(404)
})

test.each([
  ['one character changed', (id: string) => (id.startsWith('A') ? 'B' : 'A') + id.slice(1)],
  ['its end cut off', (id: string) => id.slice(0, -4)],
  ['padding added', (id: string) => `${id}=`],
  ['the raw id of the server', () => upstreamId],
  ['twice', (id: string) => `${id}, ${id}`],
])('a session id with %s is unknown', async (_, change) => {
  const before = upstream.seen.length
  const id = await initialize()
  expect((await ping(change(id))).status).toBe(404)
  expect(upstream.seen.length).toBe(before + 1)
})

test('GET and DELETE of a stranger are 404, too', async () => {
  const id = await initialize()
  for (const method of ['GET', 'DELETE']) {
    expect((await send(wire.url, { method, path, key: bob.secret, headers: { 'mcp-session-id': id } })).status).toBe(
      404,
    )
  }
})

test('a request without the session header goes to the server, which knows whether it needs one', async () => {
  const reply = await send(wire.url, { path, key: alice.secret, body: '{"jsonrpc":"2.0","id":5,"method":"ping"}' })
  expect(reply).toMatchObject({ status: 400, body: expect.stringContaining('no session') })
})

test('a modern request with a stray session header is served without it', async () => {
  const call = modern('tools/list', 5)
  const reply = await send(wire.url, {
    path,
    key: alice.secret,
    ...call,
    headers: { ...call.headers, 'mcp-session-id': 'stray' },
  })
  expect(reply.status).toBe(400)
  expect(upstream.seen.at(-1)!.headers['mcp-session-id']).toBeUndefined()
})

test('a batch is judged and forwarded in a session of revision 2025-03-26, and refused everywhere else', async () => {
  const body = '[ {"jsonrpc":"2.0","id":1,"method":"ping"} ,{"jsonrpc":"2.0","id":2,"method":"ping"}]'
  const old = await initialize('2025-03-26')
  const batch = (headers: Record<string, string>) => send(wire.url, { path, key: alice.secret, headers, body })
  expect(await batch({ 'mcp-session-id': old })).toMatchObject({
    status: 200,
    body: expect.stringMatching(/^\[.*"id":1.*"id":2.*\]$/),
  })
  expect(upstream.seen.at(-1)!.body.toString()).toBe(body)
  const before = upstream.seen.length
  const recent = await initialize()
  for (const headers of [{ 'mcp-session-id': recent }, {}] as Record<string, string>[]) {
    expect(await batch(headers)).toMatchObject({ status: 400, body: expect.stringContaining('BatchNotAllowed') })
  }
  const one = await send(wire.url, {
    path,
    key: alice.secret,
    headers: { 'mcp-session-id': old },
    body: '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":9,"method":"nope"}]',
  })
  expect(one.body).toContain('MethodNotFound')
  expect(upstream.seen.length).toBe(before + 1)
})

test('a session survives a restart of the gateway, even one that was killed', async () => {
  const id = await initialize()
  await wire.kill()
  wire = await start(wire.folder, wire.port)
  expect((await ping(id)).status).toBe(200)
  expect((await ping(id, bob.secret)).status).toBe(404)
})
