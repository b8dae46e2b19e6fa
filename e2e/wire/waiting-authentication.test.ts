import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitingAuthenticator } from './extensions.ts'
import { requestBytes } from './flood.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { dial, received, statuses } from '../../hack/testing/raw-http.ts'
import { callTool, send, type Reply } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const revoked = { ...caller, entry: { ...caller.entry, revoked: true } }

let upstream: ScriptedUpstream
let gateway: Played
let slow: ReturnType<typeof waitingAuthenticator>

const config = () => testConfig([testServer('one', upstream.url)])

beforeEach(async () => {
  slow = waitingAuthenticator()
  upstream = await scriptedUpstream()
  gateway = await playedGateway(config(), keysFile(caller), { extensions: { authenticators: [slow] } })
})

afterEach(async () => {
  slow.gate.open(undefined)
  await gateway.stop()
  await upstream.stop()
})

const port = () => Number(new URL(gateway.url).port)
const call = (tool = 't', args = '{}'): Promise<Reply> => {
  const { body, headers } = callTool(tool, 1, args)
  return send(gateway.url, {
    key: caller.secret,
    ...(body !== undefined && { body }),
    headers: { ...headers, 'x-wait': '1' },
  })
}
const waits = async (count = 1): Promise<void> => {
  await expect.poll(() => slow.gate.size).toBe(count)
}
const apply = (keys = keysFile(caller), next = config()) =>
  gateway.apply({ gateway: JSON.stringify(next), keys: JSON.stringify(keys) })

/** What is held, and what is open: nothing, once all is over. */
async function held(): Promise<string[]> {
  const text = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  return [...text.matchAll(/^bartizan_(?:held_bytes|open_calls) .*$/gm)].map(([line]) => line)
}
const nothingHeld = ['bartizan_open_calls 0', 'bartizan_held_bytes 0']

/** The bytes of a call, as a client that stops in the middle would send them. */
function bytesOfCall(args = '{}'): { readonly head: string; readonly body: string } {
  const { body = '', headers } = callTool('t', 1, args)
  const all = {
    ...(headers as Record<string, string>),
    host: `127.0.0.1:${port()}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'x-api-key': caller.secret,
    'x-wait': '1',
    'content-length': String(Buffer.byteLength(body)),
  }
  return { head: requestBytes('POST /mcp HTTP/1.1', all), body: String(body) }
}

describe('while authentication waits', () => {
  test('nothing is decided, and then the call goes on as any other', async () => {
    const reply = call()
    await waits()
    expect(upstream.seen).toEqual([])
    slow.gate.open(undefined)
    expect((await reply).status).toBe(200)
    expect(await held()).toEqual(nothingHeld)
  })

  test('the request shows its headers and addresses, and no certificate where there is none', async () => {
    const reply = call()
    await waits()
    expect(slow.seen[0]).toMatchObject({
      credential: caller.secret,
      localAddress: '127.0.0.1',
      localPort: port(),
      remoteAddress: '127.0.0.1',
      certificate: undefined,
    })
    expect(slow.seen[0]!.headers['x-wait']).toBe('1')
    slow.gate.open(undefined)
    await reply
    expect(slow.seen).toHaveLength(1)
  })

  test('a client that leaves is forgotten, and what authentication says later does nothing', async () => {
    const socket = await dial(port())
    const { head, body } = bytesOfCall()
    socket.write(head + body)
    await waits()
    socket.destroy()
    await expect.poll(held).toEqual(nothingHeld)
    slow.gate.open(undefined)
    expect((await send(gateway.url, { key: caller.secret, ...callTool('t', 2) })).status).toBe(200)
    expect(upstream.seen.map(({ body }) => body.includes('"id":2'))).toEqual([true])
    expect(gateway.logs.filter(({ event }) => event.includes('failed'))).toEqual([])
  })

  test('a reload is obeyed: the call is judged by the policies of now', async () => {
    const reply = call('hidden')
    await waits()
    const tools = {
      policy: { mode: 'denylist' as const, deniedTools: ['hidden'] },
      dangerousPatterns: [],
      approved: [],
    }
    expect(apply(keysFile(caller), testConfig([testServer('one', upstream.url, { tools })])).issues).toEqual([])
    slow.gate.open(undefined)
    expect(await reply).toMatchObject({ status: 403, body: expect.stringContaining('ToolNotAllowed') })
    expect(upstream.seen).toEqual([])
  })

  test('a key that is withdrawn does not let the request in', async () => {
    const reply = call()
    await waits()
    apply(keysFile(revoked))
    slow.gate.open(undefined)
    expect(await reply).toMatchObject({ status: 401, body: expect.stringContaining('KeyRevoked') })
    expect(upstream.seen).toEqual([])
    expect(await held()).toEqual(nothingHeld)
  })

  test('a server that is removed is not found any more', async () => {
    const reply = call()
    await waits()
    apply(keysFile(caller), testConfig([testServer('other', upstream.url), testServer('another', upstream.url)]))
    slow.gate.open(undefined)
    expect((await reply).status).toBe(404)
  })

  test('a process that ends waits for it, and sends no new call to the server', async () => {
    const reply = call()
    await waits()
    let hasStopped = false
    const stopped = gateway.stop().then(() => void (hasStopped = true))
    expect(hasStopped).toBe(false)
    slow.gate.open(undefined)
    expect(await reply).toMatchObject({ status: 503, body: expect.stringContaining('ShuttingDown') })
    await stopped
    expect(upstream.seen).toEqual([])
    gateway = await playedGateway(config(), keysFile(caller), { extensions: { authenticators: [slow] } })
  })

  test('ten seconds are enough: an own fault, and a late settlement does nothing', async () => {
    const reply = call()
    await waits()
    gateway.pass(10_000)
    expect(slow.gate.size).toBe(1)
    gateway.pass(1)
    expect(await reply).toMatchObject({ status: 500, body: expect.stringContaining('Internal') })
    slow.gate.open(undefined)
    expect(await held()).toEqual(nothingHeld)
    expect(upstream.seen).toEqual([])
    expect(gateway.logs.map(({ fields }) => String(fields?.['error'])).join()).toContain(
      'authentication did not answer within 10 s',
    )
  })

  test('a promise that rejects is an own fault', async () => {
    const reply = call()
    await waits()
    slow.gate.break(new Error('the directory is on fire'))
    const { status, body } = await reply
    expect({ status, isTold: body.includes('fire') }).toEqual({ status: 500, isTold: false })
    expect(gateway.audit().at(-1)).toMatchObject({ code: 'Internal', detail: 'Error: the directory is on fire' })
    expect(await held()).toEqual(nothingHeld)
  })

  test.each([
    ['one that ends behind the verdict', '{}'],
    ['one that fills every buffer on the way', JSON.stringify({ text: 'x'.repeat(3_000_000) })],
  ])('the body is still arriving: %s', async (_, args) => {
    const socket = await dial(port())
    const answer = received(socket, text => text.includes('"result"'))
    const { head, body } = bytesOfCall(args)
    socket.write(head + body.slice(0, -5))
    await waits()
    slow.gate.open(undefined)
    await expect.poll(() => slow.gate.size).toBe(0)
    socket.write(body.slice(-5))
    expect(statuses(await answer)).toEqual([200])
    socket.destroy()
    expect(upstream.seen[0]!.body.length).toBe(Buffer.byteLength(body))
    await expect.poll(held).toEqual(nothingHeld)
  })

  test('a client that leaves with half of its body sent is forgotten', async () => {
    const socket = await dial(port())
    const { head, body } = bytesOfCall()
    socket.write(head + body.slice(0, -5))
    await waits()
    slow.gate.open(undefined)
    socket.destroy()
    await expect.poll(held).toEqual(nothingHeld)
    expect(upstream.seen).toEqual([])
  })
})

test('requests that wait are capped for each address, and others are served meanwhile', async () => {
  const flood = Array.from({ length: 200 }, () => call())
  await expect.poll(async () => (await held())[0]).toBe('bartizan_open_calls 64')
  expect((await send(gateway.url, { key: caller.secret, ...callTool('t', 2) })).status).toBe(200)
  expect(gateway.audit().some(({ code }) => code === 'Busy')).toBe(true)
  await waits(200)
  slow.gate.open(undefined)
  const replies = await Promise.all(flood)
  const kinds = replies.map(({ status, headers }) => `${status} ${headers['retry-after'] ?? ''}`)
  expect(kinds.filter(kind => kind === '200 ')).toHaveLength(64)
  expect(kinds.filter(kind => kind === '503 1')).toHaveLength(136)
  expect(await held()).toEqual(nothingHeld)
})

test('a promise that rejects after its request was refused ends nothing', async () => {
  const flood = Array.from({ length: 100 }, () => call())
  await waits(100)
  await expect.poll(async () => (await held())[0]).toBe('bartizan_open_calls 64')
  slow.gate.break(new Error('the directory is on fire'))
  const statuses = (await Promise.all(flood)).map(({ status }) => status)
  expect(statuses.filter(status => status === 500)).toHaveLength(64)
  expect(statuses.filter(status => status === 503)).toHaveLength(36)
})
