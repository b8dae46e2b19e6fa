import { afterAll, beforeAll, expect, test } from 'vitest'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { callTool, modern, open, openSession, rest, send, until } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'
import { request } from 'node:http'

const stays = testKey('stays')
const leaves = testKey('leaves')
const sse = { 'content-type': 'text/event-stream' }

let upstream: ScriptedUpstream
let wire: Wire
const config = (path = '') => testConfig([testServer('one', upstream.url + path)])

beforeAll(async () => {
  upstream = await scriptedUpstream()
  wire = await startWire({ name: 'streams', config: config(), keys: keysFile(stays, leaves) })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const last = async (count: number) => {
  await expect.poll(() => upstream.seen.length).toBe(count + 1)
  return upstream.seen.at(-1)!
}

test('a client that goes away before the head cancels the upstream call', async () => {
  upstream.respond = () => undefined
  const count = upstream.seen.length
  const { headers, body } = callTool('slow', 1)
  const req = request(new URL('/mcp', wire.url), {
    method: 'POST',
    agent: false,
    headers: {
      ...(headers as Record<string, string>),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-api-key': stays.secret,
    },
  })
  req.on('error', () => undefined)
  req.end(body)
  const seen = await last(count)
  req.destroy()
  await expect(seen.closed).resolves.toBeUndefined()
})

test('a client that goes away in the middle of a stream cancels the upstream call', async () => {
  upstream.respond = (_, res) => void res.writeHead(200, sse).flushHeaders()
  const count = upstream.seen.length
  const res = await open(wire.url, { key: stays.secret, ...callTool('slow', 1) })
  const seen = await last(count)
  res.cancel()
  await expect(seen.closed).resolves.toBeUndefined()
})

test('a client that goes away while a plain answer is on its way cancels the upstream call', async () => {
  upstream.respond = (_, res) =>
    void res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"jsonrpc":"2.0",')
  const count = upstream.seen.length
  const aborting = new AbortController()
  const { headers, body } = callTool('slow', 1)
  const answer = fetch(new URL('/mcp', wire.url), {
    method: 'POST',
    headers: {
      ...(headers as Record<string, string>),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-api-key': stays.secret,
    },
    body: body as string,
    signal: aborting.signal,
  }).catch(() => undefined)
  const seen = await last(count)
  aborting.abort()
  await expect(Promise.all([seen.closed, answer])).resolves.toBeDefined()
})

/** Opens a session at a server that gives each of its events an id. */
async function legacySession(): Promise<Record<string, string>> {
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's-1' })
      .end('{"jsonrpc":"2.0","id":0,"result":{}}')
  return { 'mcp-session-id': await openSession(wire.url, { key: stays.secret }), 'mcp-protocol-version': '2025-11-25' }
}

test('a cancellation of a legacy client is forwarded as it is', async () => {
  const headers = await legacySession()
  upstream.respond = emptyResult
  const body =
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9007199254740993,"reason":"x"}}'
  expect((await send(wire.url, { key: stays.secret, headers, body })).status).toBe(202)
  expect(upstream.seen.at(-1)!.body.toString()).toBe(body)
})

test('the event that a client saw last and the revision of a resuming GET reach the server', async () => {
  const headers = await legacySession()
  upstream.respond = (_, res) => void res.writeHead(200, sse).end('id: 7\ndata: \n\n')
  const first = await send(wire.url, { key: stays.secret, headers, body: '{"jsonrpc":"2.0","id":4,"method":"ping"}' })
  const id = /^id: (.*)$/m.exec(first.body)![1]!
  upstream.respond = (_, res) =>
    void res.writeHead(200, sse).end('id: 8\ndata: {"jsonrpc":"2.0","id":4,"result":{}}\n\n')
  const resuming = { ...headers, accept: 'text/event-stream', 'last-event-id': id }
  const { body } = await send(wire.url, { method: 'GET', key: stays.secret, headers: resuming })
  expect(body).toMatch(/^:\n\nid: [\w-]+\ndata: \{"jsonrpc":"2.0","id":4,"result":\{\}\}\n\n$/)
  expect(upstream.seen.at(-1)!.headers).toMatchObject({
    accept: 'text/event-stream',
    'last-event-id': '7',
    'mcp-protocol-version': '2025-11-25',
    'mcp-session-id': 's-1',
  })
})

test('a 405 on GET stays a 405', async () => {
  upstream.respond = (_, res) => void res.writeHead(405, { allow: 'POST' }).end()
  expect((await send(wire.url, { method: 'GET', key: stays.secret })).status).toBe(405)
})

test("a revoked caller's GET, listen stream and running call end with an error for their ids, others go on", async () => {
  let answer: (() => void) | undefined
  upstream.respond = (seen, res) => {
    const { body, method } = seen
    if (method === 'GET' || body.includes('subscriptions/listen')) {
      res.writeHead(200, sse).write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n')
    } else if (body.includes('"S"')) answer = () => emptyResult(seen, res)
  }
  const count = upstream.seen.length
  const keyOf = [leaves.secret, stays.secret]
  const streams = await Promise.all(
    keyOf.flatMap(key => [
      open(wire.url, { key, method: 'GET', headers: { accept: 'text/event-stream' } }),
      open(wire.url, { key, ...modern('subscriptions/listen', 'L', '"notifications":{}') }),
    ]),
  )
  const running = send(wire.url, { key: leaves.secret, ...callTool('slow', 'R') })
  const going = send(wire.url, { key: stays.secret, ...callTool('slow', 'S') })
  await expect.poll(() => upstream.seen.length).toBe(count + 6)
  const [get, listen, otherGet, otherListen] = streams as [
    (typeof streams)[0],
    (typeof streams)[0],
    (typeof streams)[0],
    (typeof streams)[0],
  ]
  for (const stream of streams) await until(stream, 'list_changed')
  wire.write('keys.json', keysFile(stays))
  expect(await rest(get)).toMatchObject({ broken: false })
  expect((await rest(listen)).text).toMatch(/"id":"L","error":.*CallerRevoked/)
  expect(await running).toMatchObject({ status: 401, body: expect.stringMatching(/"id":"R","error":.*CallerRevoked/) })
  const ended = upstream.seen.slice(count).filter(({ body }) => body.includes('"R"'))
  await Promise.all(ended.map(seen => seen.closed))
  expect(ended).toHaveLength(1)
  answer!()
  expect(await going).toMatchObject({ status: 200, body: expect.stringContaining('"id":"S"') })
  expect([otherGet.destroyed, otherListen.destroyed]).toEqual([false, false])
  otherGet.cancel()
  otherListen.cancel()
})

test('a configuration that is refused keeps the policies, and a key that was removed beside it is out at once', async () => {
  upstream.respond = emptyResult
  wire.write('keys.json', keysFile(stays, leaves))
  await expect.poll(async () => (await send(wire.url, { key: leaves.secret, ...callTool('t', 1) })).status).toBe(200)
  wire.write('gateway.json', '{"schema": 1, "servers": [')
  wire.write('keys.json', keysFile(stays))
  await wire.logged('configuration refused')
  expect((await send(wire.url, { key: stays.secret, ...callTool('t', 1) })).status).toBe(200)
  expect((await send(wire.url, { key: stays.secret, ...callTool('delete_x', 1) })).status).toBe(403)
  await expect.poll(async () => (await send(wire.url, { key: leaves.secret, ...callTool('t', 1) })).status).toBe(401)
  wire.write('gateway.json', config())
  wire.write('keys.json', keysFile(stays, leaves))
  await expect.poll(async () => (await send(wire.url, { key: leaves.secret, ...callTool('t', 1) })).status).toBe(200)
})

test('a keys file that cannot be read changes nothing', async () => {
  wire.write('keys.json', '{"schema":1,"keys":[{}]}')
  await wire.logged('configuration refused', 'keys.json')
  expect((await send(wire.url, { key: stays.secret, ...callTool('t', 1) })).status).toBe(200)
  wire.write('keys.json', keysFile(stays, leaves))
  await wire.logged('configuration applied')
})

test('a new policy is in force on a stream that is open, and a reload loses no call', async () => {
  const held: (() => void)[] = []
  upstream.respond = ({ body }, res) => {
    const id = /"id":(\d+)/.exec(body.toString())![1]
    res.writeHead(200, sse).flushHeaders()
    held.push(
      () =>
        void res.end(
          `data: {"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"xylophone"}]}}\n\n`,
        ),
    )
  }
  const before = await open(wire.url, { key: stays.secret, ...callTool('t', 1) })
  const rules = [
    {
      policy: 'late',
      detector: { keywords: { words: ['xylophone'] } },
      channels: ['Result' as const],
      action: 'Block' as const,
      mode: 'Enforce' as const,
    },
  ]
  wire.write('gateway.json', testConfig([testServer('one', upstream.url, { guardrails: { rules } })]))
  await wire.logged('configuration applied')
  await expect.poll(() => held.length).toBe(1)
  held[0]!()
  expect((await rest(before)).text).toMatch(/"id":1,"error":.*GuardrailBlocked/)
  wire.write('gateway.json', config())
  await wire.logged('configuration applied')
})

test('SIGTERM: new calls are refused, the call in flight is answered, streams end cleanly, the exit code is 0', async () => {
  let answer: (() => void) | undefined
  upstream.respond = ({ body, method }, res) => {
    if (method === 'GET')
      return void res
        .writeHead(200, sse)
        .write('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n')
    answer = () => emptyResult({ body } as Parameters<typeof emptyResult>[0], res)
  }
  const stream = await open(wire.url, { key: stays.secret, method: 'GET', headers: { accept: 'text/event-stream' } })
  await until(stream, 'list_changed')
  const inFlight = send(wire.url, { key: stays.secret, ...callTool('t', 1) })
  await expect.poll(() => answer).toBeDefined()
  const stopped = wire.stop()
  expect(await rest(stream)).toMatchObject({ broken: false })
  expect(await send(wire.url, { key: stays.secret, ...callTool('t', 2) })).toMatchObject({
    status: 503,
    headers: { 'retry-after': expect.any(String) },
  })
  answer!()
  expect(await inFlight).toMatchObject({ status: 200 })
  expect(await stopped).toBe(0)
})
