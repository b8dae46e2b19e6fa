import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pass } from '../../gateway/exchange.ts'
import { atLimits, waitingStage } from './extensions.ts'
import { requestBytes } from './flood.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { dial } from '../../hack/testing/raw-http.ts'
import { callTool, send, type Reply } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const other = testKey('other')
const revoked = { ...caller, entry: { ...caller.entry, revoked: true } }

let upstream: ScriptedUpstream
let gateway: Played
let slow: ReturnType<typeof waitingStage>

const config = () => testConfig([testServer('one', upstream.url)])
const start = async () => {
  gateway = await playedGateway(config(), keysFile(caller, other), {
    extensions: { chain: chain => atLimits(chain, slow) },
  })
}

beforeEach(async () => {
  slow = waitingStage()
  upstream = await scriptedUpstream()
  await start()
})

afterEach(async () => {
  slow.gate.open(pass)
  await gateway.stop()
  await upstream.stop()
})

const call = (tool = 'wait'): Promise<Reply> => send(gateway.url, { key: caller.secret, ...callTool(tool, 'w') })
const waits = async (count = 1): Promise<void> => {
  await expect.poll(() => slow.gate.size).toBe(count)
}
const apply = (keys = keysFile(caller, other), next = config()) =>
  gateway.apply({ gateway: JSON.stringify(next), keys: JSON.stringify(keys) })

async function held(): Promise<string[]> {
  const text = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  return [...text.matchAll(/^bartizan_(?:held_bytes|open_calls) .*$/gm)].map(([line]) => line)
}
const nothingHeld = ['bartizan_open_calls 0', 'bartizan_held_bytes 0']

describe('while a stage waits', () => {
  test('the body is held, and the verdict counts as any other', async () => {
    const passes = call()
    await waits()
    expect(await held()).toEqual(['bartizan_open_calls 1', expect.stringMatching(/^bartizan_held_bytes [1-9]/)])
    slow.gate.open(pass)
    expect((await passes).status).toBe(200)
    const refused = call()
    await waits()
    const challenge = 'Bearer error="insufficient_scope"'
    slow.gate.open({ deny: { stage: 'waiting', code: 'ToolNotAllowed', retryAfter: 7, challenge } })
    expect(await refused).toMatchObject({
      status: 403,
      headers: { 'retry-after': '7', 'www-authenticate': challenge },
      body: expect.stringMatching(/"id":"w".*ToolNotAllowed/),
    })
    expect(upstream.seen).toHaveLength(1)
    expect(await held()).toEqual(nothingHeld)
  })

  test('a client that leaves is forgotten with what it sent', async () => {
    const { body = '', headers } = callTool('wait', 1)
    const all = {
      ...(headers as Record<string, string>),
      host: new URL(gateway.url).host,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-api-key': caller.secret,
      'content-length': String(Buffer.byteLength(body)),
    }
    const socket = await dial(Number(new URL(gateway.url).port))
    socket.write(requestBytes('POST /mcp HTTP/1.1', all, String(body)))
    await waits()
    socket.destroy()
    await expect.poll(held).toEqual(nothingHeld)
    slow.gate.open(pass)
    expect((await call('t')).status).toBe(200)
    expect(upstream.seen).toHaveLength(1)
    expect(gateway.audit().find(({ tool }) => tool === 'wait')).toMatchObject({
      verdict: 'deny',
      status: 499,
      detail: 'the client left before its request was judged',
    })
  })

  test('the server has all of its time afterwards', async () => {
    apply(undefined, testConfig([testServer('one', upstream.url, { timeouts: { idle: '1s' } })]))
    const { respond } = upstream
    upstream.respond = (seen, res) => {
      gateway.pass(500)
      respond(seen, res)
    }
    const reply = call()
    await waits()
    gateway.pass(5_000)
    slow.gate.open(pass)
    expect((await reply).status).toBe(200)
  })

  test('a reload is obeyed: all stages of now judge the request again', async () => {
    const reply = call()
    await waits()
    const tools = { policy: { mode: 'denylist' as const, deniedTools: ['wait'] }, dangerousPatterns: [], approved: [] }
    apply(undefined, testConfig([testServer('one', upstream.url, { tools })]))
    slow.gate.open(pass)
    expect(await reply).toMatchObject({ status: 403, body: expect.stringContaining('ToolNotAllowed') })
    expect(upstream.seen).toEqual([])
  })

  test('a key that is withdrawn ends the request at once, whatever the stage says later', async () => {
    const reply = call()
    await waits()
    apply(keysFile(revoked, other))
    expect(await reply).toMatchObject({ status: 401, body: expect.stringMatching(/"id":"w".*KeyRevoked/) })
    expect(await held()).toEqual(nothingHeld)
    slow.gate.open(pass)
    expect((await send(gateway.url, { key: other.secret, ...callTool('t', 2) })).status).toBe(200)
    expect(upstream.seen).toHaveLength(1)
  })

  test('a key that ends meanwhile lets no one in', async () => {
    const expiresAt = new Date(Date.now() + 5_000).toISOString()
    apply(keysFile({ ...caller, entry: { ...caller.entry, expiresAt } }))
    const reply = call()
    await waits()
    gateway.pass(6_000)
    slow.gate.open(pass)
    expect(await reply).toMatchObject({ status: 401, body: expect.stringMatching(/"id":"w".*KeyExpired/) })
    expect(upstream.seen).toEqual([])
  })

  test('a call whose line could not be written goes no further', async () => {
    const reply = call()
    await waits()
    gateway.stalled = true
    slow.gate.open(pass)
    expect(await reply).toMatchObject({ status: 503, body: expect.stringMatching(/"id":"w".*AuditUnavailable/) })
    expect(upstream.seen).toEqual([])
  })

  test('a process that ends waits for it, and sends no new call to the server', async () => {
    const reply = call()
    await waits()
    const stopped = gateway.stop()
    slow.gate.open(pass)
    expect(await reply).toMatchObject({ status: 503, body: expect.stringMatching(/"id":"w".*ShuttingDown/) })
    await stopped
    expect(upstream.seen).toEqual([])
    await start()
  })

  test('ten seconds are enough: an own fault, and a late settlement does nothing', async () => {
    const reply = call()
    await waits()
    gateway.pass(10_001)
    expect(await reply).toMatchObject({ status: 500, body: expect.stringContaining('Internal') })
    expect(await held()).toEqual(nothingHeld)
    slow.gate.open(pass)
    expect((await call('t')).status).toBe(200)
    expect(upstream.seen).toHaveLength(1)
  })

  test('a promise that rejects has refused, and its words stay in the log', async () => {
    const reply = call()
    await waits()
    slow.gate.break(new Error('the store is on fire'))
    const { status, body } = await reply
    expect({ status, isTold: body.includes('fire') }).toEqual({ status: 500, isTold: false })
    expect(gateway.audit().at(-1)).toMatchObject({ code: 'Internal', detail: 'waiting threw: the store is on fire' })
  })

  test('a batch waits for each of its messages in turn', async () => {
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
    upstream.respond = (_, res) =>
      void res
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'theirs' })
        .end('{"jsonrpc":"2.0","id":1,"result":{}}')
    const opening = { jsonrpc: '2.0', id: 1, method: 'initialize', params }
    const opened = await send(gateway.url, { key: caller.secret, body: JSON.stringify(opening) })
    upstream.respond = (_, res) =>
      void res
        .writeHead(200, { 'content-type': 'application/json' })
        .end('[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]')
    const batch = [1, 2].map(id => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'wait' } }))
    const reply = send(gateway.url, {
      key: caller.secret,
      headers: { 'mcp-session-id': String(opened.headers['mcp-session-id']) },
      body: JSON.stringify(batch),
    })
    await waits()
    slow.gate.open(pass)
    await waits()
    slow.gate.open(pass)
    expect((await reply).status).toBe(200)
  })
})

test('requests that wait are capped for each caller, and others wait for what they need', async () => {
  const flood = Array.from({ length: 150 }, () => call())
  const replies = Promise.all(flood)
  await waits(150)
  await expect.poll(async () => (await held())[0]).toBe('bartizan_open_calls 64')
  const theirs = send(gateway.url, { key: other.secret, ...callTool('wait', 2) })
  await waits(151)
  slow.gate.open(pass)
  expect((await theirs).status).toBe(200)
  const kinds = (await replies).map(({ status }) => status)
  expect(kinds.filter(status => status === 200)).toHaveLength(64)
  expect(kinds.filter(status => status === 503)).toHaveLength(86)
  expect((await replies).every(({ body }) => body.includes('"id":"w"'))).toBe(true)
  expect(await held()).toEqual(nothingHeld)
})
