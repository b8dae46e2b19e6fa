import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { operatorToken } from '../../gateway/config/guard.ts'
import { bind } from '../../gateway/http/bind.ts'
import { Connections } from '../../gateway/http/connections.ts'
import { pagesServer } from '../../gateway/listen.ts'
import { requestBytes } from './flood.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { dial, received, statuses } from '../../hack/testing/raw-http.ts'
import { callTool, modern, open, send, until } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

// @slow its connections end by clocks of Node, each after a second or more

const caller = testKey('caller')
const other = testKey('other')
const guard = Buffer.alloc(32, 7)
const most = 24

let upstream: ScriptedUpstream
let gateway: Played
let port: number
let crowd: Socket[] = []

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const config = testConfig([testServer('one', upstream.url)], {
    limits: { maxConnections: most, maxConnectionsPerIp: 1000 },
  })
  gateway = await playedGateway(config, keysFile(caller, other), { guard: () => [guard], operator: true })
  port = Number(new URL(gateway.url).port)
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const openConnections = async (): Promise<number> => {
  const metrics = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  return Number(/^bartizan_open_connections (\d+)$/m.exec(metrics)?.[1])
}

afterEach(async () => {
  for (const socket of crowd) socket.destroy()
  crowd = []
  upstream.respond = emptyResult
  while ((await openConnections()) > 0) await new Promise(resolve => setTimeout(resolve, 20))
})

/** A connection whose owner never closes it, whatever the other side does. */
const stubborn = (bytes: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write(bytes)
      resolve(socket)
    })
    socket.on('error', reject)
    crowd.push(socket)
  })

const post = (key: string | undefined, body: string, more: Record<string, string> = {}): string =>
  requestBytes(
    'POST /mcp HTTP/1.1',
    {
      Host: '127.0.0.1',
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...(key === undefined ? {} : { 'X-API-Key': key }),
      'Content-Length': String(Buffer.byteLength(body)),
      ...more,
    },
    body,
  )
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const listening = requestBytes('GET /mcp HTTP/1.1', {
  Host: '127.0.0.1',
  'X-API-Key': caller.secret,
  Accept: 'text/event-stream',
})
const silentStream = (_: unknown, res: Parameters<ScriptedUpstream['respond']>[1]): void =>
  res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()

test('a stream that is open goes on when a second request arrives, and its connection ends with it', async () => {
  const ends: (() => void)[] = []
  upstream.respond = (seen, res) => {
    if (seen.method !== 'GET') return emptyResult(seen, res)
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    ends.push(() => res.end('data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n'))
  }
  const before = upstream.seen.length
  const socket = await dial(port)
  const heard = received(socket)
  socket.write(listening)
  await expect.poll(() => ends.length).toBe(1)
  socket.write(post(caller.secret, ping))
  ends[0]!()
  const answer = await heard
  expect(statuses(answer)).toEqual([200])
  expect(answer).toContain('list_changed')
  expect(upstream.seen.length - before).toBe(1)
})

test.each([
  ['that says Connection: close', post(caller.secret, ping, { Connection: 'close' })],
  ['of HTTP/1.0', post(caller.secret, ping).replace('HTTP/1.1', 'HTTP/1.0')],
])('what follows a request %s is discarded, whatever it is', async (_, first) => {
  for (const second of [post(caller.secret, ping), 'CONNECT x:1 HTTP/1.1\r\n\r\n', '\0garbage', listening]) {
    const before = upstream.seen.length
    const socket = await dial(port)
    const heard = received(socket)
    socket.write(first + second)
    const answer = await heard
    expect(statuses(answer)).toEqual([200])
    expect(answer).toContain('"result"')
    expect(upstream.seen.length - before).toBe(1)
  }
})

test.each([
  ['garbage', '\0\x01\x02 not http\r\n\r\n'],
  ['CONNECT', 'CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ['a request without Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['an upgrade', requestBytes('GET /mcp HTTP/1.1', { Host: '127.0.0.1', Connection: 'Upgrade', Upgrade: 'h2c' })],
])('behind an open answer %s changes nothing of it', async (_, second) => {
  const socket = await dial(port)
  const heard = received(socket)
  socket.write(post(caller.secret, ping) + second)
  const answer = await heard
  expect(statuses(answer)).toEqual([200])
  expect(answer).toMatch(/connection: close[^]*"result"/i)
})

test.each([
  ['a path without a server', 404, requestBytes('GET / HTTP/1.1', { Host: '127.0.0.1' })],
  ['no key', 401, requestBytes('GET /mcp HTTP/1.1', { Host: '127.0.0.1' })],
  ['no key and half of its body', 401, post(undefined, ping).slice(0, -20)],
  ['no key and a body without end', 401, post(undefined, 'x'.repeat(200_000), { 'Content-Length': '9999999' })],
  ['a foreign host', 403, post(undefined, ping, { Host: 'evil.example' })],
  ['a foreign origin', 403, post(undefined, ping, { Origin: 'https://evil.example' })],
  ['no Host', 400, 'GET /mcp HTTP/1.1\r\n\r\n'],
  ['no HTTP', 400, 'hello\r\n\r\n'],
  ['an expectation', 417, requestBytes('GET / HTTP/1.1', { Host: '127.0.0.1', Expect: 'wonders' })],
  ['a head of 20 KiB', 431, requestBytes('GET / HTTP/1.1', { Host: '127.0.0.1', 'X-Big': 'x'.repeat(20_000) })],
  ['CONNECT', 405, 'CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  [
    'a body of broken chunks',
    400,
    post(caller.secret, 'zz\r\n', { 'Content-Length': '', 'Transfer-Encoding': 'chunked' }).replace(
      'Content-Length: \r\n',
      '',
    ),
  ],
])('a stranger with %s gets %i and loses the connection, although they never close it', async (_, status, bytes) => {
  const socket = await stubborn(bytes)
  const heard = received(socket, text => text.includes('\r\n\r\n'))
  expect(statuses(await heard)[0]).toBe(status)
  expect(await heard).toMatch(/connection: close/i)
  await expect.poll(openConnections, { timeout: 10_000 }).toBe(0)
})

test('a call whose sender is not let in is not asked for its body', async () => {
  const socket = await stubborn(post(undefined, '', { Expect: '100-continue', 'Content-Length': '400' }))
  expect(statuses(await received(socket, text => text.includes('"error"')))).toEqual([401])
})

test('a call that waits to be asked for its body is asked, and answered', async () => {
  const socket = await stubborn(
    post(caller.secret, '', { Expect: '100-continue', 'Content-Length': String(ping.length) }),
  )
  await received(socket, text => text.includes('100 Continue'))
  socket.write(ping)
  expect(statuses(await received(socket, text => text.includes('"result"')))).toContain(200)
  socket.destroy()
})

test('the answer to a call without a key arrives, whenever its body does', async () => {
  for (let at = 0; at < 200; at += 1) {
    const answered = new Promise<number | undefined>((resolve, reject) => {
      const req = request(`${gateway.url}/mcp`, { method: 'POST', agent: false, headers: { 'content-length': 300 } })
      req.on('response', res => resolve(res.resume().statusCode))
      req.on('error', reject)
      req.flushHeaders()
      setImmediate(() => req.end('x'.repeat(300)))
    })
    expect(await answered).toBe(401)
  }
})

test('a body that is too large is answered before the connection ends, even to whoever sends all of it first', async () => {
  const body = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${'x'.repeat(6_000_000)}"}}`
  for (let at = 0; at < 10; at += 1) expect((await send(gateway.url, { key: caller.secret, body })).status).toBe(413)
})

test('whoever resets a connection after CONNECT ends nothing else', async () => {
  for (let at = 0; at < 20; at += 1) {
    const socket = await dial(port)
    socket.write('CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    socket.resetAndDestroy()
  }
  expect((await send(gateway.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(200)
})

/** A client that does not begin its head, one that does not end it, and one that does not end its body. */
const slow = ['', 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n', post(undefined, ping).slice(0, -20)]

test('silent strangers make way: for a caller, and for the next stranger', async () => {
  for (let at = 0; at < most * 3; at += 1) await stubborn(slow[at % 2]!)
  expect(await openConnections()).toBeLessThanOrEqual(most)
  for (let at = 0; at < 20; at += 1)
    expect((await send(gateway.url, { key: caller.secret, ...callTool('t', at) })).status).toBe(200)
})

/** A caller's connection that is kept for the next call. */
const resting = async (key: string): Promise<Socket> => {
  const socket = await stubborn(post(key, ping))
  await received(socket, text => text.includes('"result"'))
  return socket
}

test('connections that callers keep for later make way, the oldest first', async () => {
  const first = await resting(caller.secret)
  const closed = new Promise(resolve => first.once('end', resolve))
  for (let at = 0; at < most * 2; at += 1) await resting(other.secret)
  await closed
  expect(await openConnections()).toBeLessThanOrEqual(most)
  expect((await send(gateway.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(200)
})

test('one key that holds every place with streams leaves one for others, for the probes and for the operator', async () => {
  upstream.respond = (seen, res) => (seen.method === 'GET' ? silentStream(seen, res) : emptyResult(seen, res))
  const refused: string[] = []
  for (let at = 0; at < most * 2; at += 1) {
    const socket = await stubborn(listening)
    refused.push(await received(socket, text => text.includes('\r\n\r\n')))
  }
  expect(refused.filter(text => text.includes('Busy')).length).toBeGreaterThan(0)
  expect(await openConnections()).toBeLessThanOrEqual(most)
  // The places that are left are wanted by silent strangers, too.
  for (let at = 0; at < most; at += 1) await stubborn(slow[at % 2]!)
  for (let at = 0; at < 5; at += 1) {
    expect((await send(gateway.url, { key: other.secret, ...callTool('t', at) })).status).toBe(200)
    expect((await send(gateway.url, { key: operatorToken(guard), ...modern('server/discover', at) })).status).toBe(200)
    expect((await fetch(`${gateway.adminUrl}/-/livez`)).status).toBe(200)
  }
})

test('whoever fills the ports for probes and metrics keeps neither shut', async () => {
  for (const base of [gateway.adminUrl!, gateway.metricsUrl!]) {
    const silent: Socket[] = []
    for (let at = 0; at < 300; at += 1) {
      const socket = connect({ port: Number(new URL(base).port), host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => undefined)
      socket.write(
        at % 2
          ? 'GET /-/livez HTTP/1.1\r\n'
          : requestBytes('POST /-/withdraw HTTP/1.1', {
              Host: 'x',
              'Content-Length': '9',
              'X-Bartizan-Signature': 'x',
            }),
      )
      silent.push(socket)
    }
    expect((await fetch(`${gateway.adminUrl}/-/livez`)).status).toBe(200)
    expect((await fetch(`${gateway.metricsUrl}/metrics`)).status).toBe(200)
    for (const socket of silent) socket.destroy()
  }
})

test('a slow head is answered with 408, and its connection is closed although its owner keeps it', async () => {
  const places = new Connections(
    () => ({ most: 9, mostPerIp: 9 }),
    () => undefined,
  )
  const make = () =>
    Object.assign(
      pagesServer((_, res) => void res.end('ok'), places),
      { headersTimeout: 100 },
    )
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const bound = await bind([{ host: '127.0.0.1', port: 0 }], make, { log: quiet })
  const heard = await Promise.all(
    ['', 'GET / HTTP/1.1\r\nX: y'].map(bytes => {
      const socket = connect({ port: Number(new URL(bound.urls[0]!).port), host: '127.0.0.1', allowHalfOpen: true })
      crowd.push(socket)
      socket.write(bytes)
      return received(socket, text => text.includes('\r\n\r\n'))
    }),
  )
  expect(heard.map(statuses)).toEqual([[408], [408]])
  await expect.poll(() => places.size, { timeout: 10_000 }).toBe(0)
  await bound.stop()
}, 30_000)

test('an answer that is never taken ends with its connection, although it belongs to no call', async () => {
  const places = new Connections(
    () => ({ most: 9, mostPerIp: 9 }),
    () => undefined,
  )
  const make = () => pagesServer((_, res) => void res.end(Buffer.alloc(64_000_000)), places)
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const bound = await bind([{ host: '127.0.0.1', port: 0 }], make, { log: quiet })
  const socket = await dial(Number(new URL(bound.urls[0]!).port))
  crowd.push(socket)
  socket.pause()
  socket.write(requestBytes('GET / HTTP/1.1', { Host: 'x' }))
  await expect
    .poll(() => {
      places.sweep()
      return places.size
    })
    .toBe(0)
  await bound.stop()
})

test('of one address there are as many connections as the limit says, and the silent ones make way', async () => {
  const config = testConfig([testServer('one', upstream.url)], { limits: { maxConnectionsPerIp: 4 } })
  const small = await playedGateway(config, keysFile(caller))
  const silent = await Promise.all(Array.from({ length: 30 }, () => dial(Number(new URL(small.url).port))))
  expect((await send(small.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(200)
  const metrics = await (await fetch(`${small.metricsUrl}/metrics`)).text()
  expect(Number(/^bartizan_open_connections (\d+)$/m.exec(metrics)?.[1])).toBeLessThanOrEqual(4)
  expect(metrics).toMatch(/bartizan_dropped_total\{what="connection"\} [1-9]/)
  // And no line for each.
  const said = small.logs.filter(({ event }) => event === 'too many connections: some were closed')
  expect(said).toMatchObject([{ fields: { port: 'client', connections: 1 } }])
  for (const socket of silent) socket.destroy()
  await small.stop()
})

const big = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${'x'.repeat(4_000_000)}"}]}}`

test('a caller who does not read leaves room for the largest answers of another', async () => {
  upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(big)
  const call = callTool('t', 1)
  const bytes = post(other.secret, String(call.body), call.headers as Record<string, string>)
  for (let at = 0; at < 12; at += 1) (await stubborn(bytes)).pause()
  for (let at = 0; at < 20; at += 1) expect((await send(gateway.url, { key: caller.secret, ...call })).status).toBe(200)
})

test.each([
  ['application/json', big],
  ['text/event-stream', `data: ${big}\n\n`],
])('a client that takes an answer (%s) byte by byte does not keep it for ever', async (type, answer) => {
  upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': type }).end(answer)
  const res = await open(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  res.pause()
  const held = async (): Promise<number> => {
    const metrics = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
    return Number(/^bartizan_held_bytes (\d+)$/m.exec(metrics)?.[1])
  }
  await expect.poll(held).toBeGreaterThan(0)
  gateway.pass(1)
  for (let at = 0; at < 20; at += 1) {
    res.read(1)
    gateway.pass(10_000)
  }
  await expect.poll(held).toBe(0)
  await expect.poll(openConnections).toBe(0)
  res.cancel()
})

test('a stream that says nothing lives on, however much time passes', async () => {
  upstream.respond = silentStream
  const stream = await open(gateway.url, {
    method: 'GET',
    key: caller.secret,
    headers: { accept: 'text/event-stream' },
  })
  expect(await until(stream, ':\n\n')).toBe(':\n\n')
  gateway.pass(3_600_000)
  expect(await until(stream, ':\n\n')).toBe(':\n\n')
  stream.cancel()
})
