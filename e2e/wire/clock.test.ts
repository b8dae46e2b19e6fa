import { afterAll, beforeAll, expect, test } from 'vitest'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, modern, open, rest, send, until } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const hour = 3_600_000
const day = 24 * hour
const sse = { 'content-type': 'text/event-stream' }
const lasting = testKey('lasting')
const ending = testKey('ending', { expiresAt: new Date(Date.now() + 30 * day).toISOString() })

let upstream: ScriptedUpstream
let gateway: Played
const timeouts = { request: '10m', idle: '2m' }

beforeAll(async () => {
  upstream = await scriptedUpstream()
  gateway = await playedGateway(testConfig([testServer('one', upstream.url, { timeouts })]), keysFile(lasting, ending))
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const silent = (): void => {
  upstream.respond = (_, res) => void res.writeHead(200, sse).flushHeaders()
}

test('a stream that is silent for ten hours lives, and gets a comment whenever 15 s have passed', async () => {
  silent()
  for (const sending of [
    { method: 'GET', headers: { accept: 'text/event-stream' } },
    modern('subscriptions/listen', 1, '"notifications":{}'),
  ]) {
    const stream = await open(gateway.url, { key: lasting.secret, ...sending })
    await until(stream, ':\n\n')
    gateway.pass(14_000)
    gateway.pass(1_000)
    expect(await until(stream, ':\n\n')).toBe(':\n\n')
    for (let passed = 0; passed < 10 * hour; passed += hour) gateway.pass(hour)
    expect(stream.destroyed).toBe(false)
    stream.cancel()
  }
})

test('a call that outlasts the request timeout is answered with 504 and its id, and cancelled upstream', async () => {
  upstream.respond = () => undefined
  const count = upstream.seen.length
  const call = send(gateway.url, { key: lasting.secret, ...callTool('t', 'late') })
  await expect.poll(() => upstream.seen.length).toBe(count + 1)
  gateway.pass(119_000)
  expect(gateway.audit().filter(({ code }) => code === 'UpstreamTimeout')).toEqual([])
  gateway.pass(2_000)
  expect(await call).toMatchObject({
    status: 504,
    body: expect.stringMatching(/"id":"late","error":.*UpstreamTimeout/),
  })
  await upstream.seen.at(-1)!.closed
})

test('bytes start the idle time again, the request timeout is the end all the same', async () => {
  let write: (() => void) | undefined
  upstream.respond = (_, res) => {
    res.writeHead(200, sse).flushHeaders()
    write = () =>
      void res.write(
        'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"goes on"}}\n\n',
      )
  }
  const stream = await open(gateway.url, { key: lasting.secret, ...callTool('t', 'long') })
  for (let minutes = 0; minutes < 9; minutes += 1) {
    gateway.pass(60_000)
    write!()
    await until(stream, 'goes on')
  }
  gateway.pass(90_000)
  expect((await rest(stream)).text).toMatch(/"id":"long","error":.*UpstreamTimeout/)
})

test("a key's streams end when the key expires, and it is refused from then on", async () => {
  silent()
  const streams = await Promise.all(
    [ending, lasting].map(key =>
      open(gateway.url, { key: key.secret, ...modern('subscriptions/listen', 'L', '"notifications":{}') }),
    ),
  )
  for (const stream of streams) await until(stream, ':\n\n')
  gateway.pass(31 * day)
  expect((await rest(streams[0]!)).text).toMatch(/"id":"L","error":.*CallerRevoked/)
  expect(streams[1]!.destroyed).toBe(false)
  streams[1]!.cancel()
  expect(await send(gateway.url, { key: ending.secret, ...callTool('t', 1) })).toMatchObject({
    status: 401,
    body: expect.stringContaining('KeyExpired'),
  })
})

test('while the audit log cannot be written no call is let through, and afterwards they are again', async () => {
  upstream.respond = emptyResult
  gateway.stalled = true
  const count = upstream.seen.length
  expect(await send(gateway.url, { key: lasting.secret, ...callTool('t', 1) })).toMatchObject({
    status: 503,
    body: expect.stringContaining('AuditUnavailable'),
  })
  expect(upstream.seen.length).toBe(count)
  gateway.stalled = false
  expect((await send(gateway.url, { key: lasting.secret, ...callTool('t', 1) })).status).toBe(200)
})

test('with audit.onFailure Drop calls go on and the lost lines are counted', async () => {
  upstream.respond = emptyResult
  const config = testConfig([testServer('one', upstream.url, { timeouts })], { audit: { onFailure: 'Drop' } })
  expect(gateway.apply({ gateway: JSON.stringify(config), keys: JSON.stringify(keysFile(lasting)) }).issues).toEqual([])
  gateway.stalled = true
  expect((await send(gateway.url, { key: lasting.secret, ...callTool('t', 1) })).status).toBe(200)
  gateway.stalled = false
  const metrics = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  expect(metrics).toMatch(/bartizan_audit_dropped_lines [1-9]/)
})

test('an error of our own refuses the call that met it, with a decision id, and the gateway goes on', async () => {
  const played = await playedGateway(testConfig([testServer('one', 'http://127.0.0.1:1/mcp')]), keysFile(lasting), {
    log: {
      info: () => undefined,
      error: () => undefined,
      warn: () => {
        throw new Error('the log is broken')
      },
    },
  })
  for (const id of ['a', 'b']) {
    const reply = await send(played.url, { key: lasting.secret, ...callTool('t', id) })
    expect(reply.status).toBe(500)
    expect(JSON.parse(reply.body)).toMatchObject({
      id,
      error: { data: { reason: 'Internal', decision: expect.stringMatching(/^d-/) } },
    })
    expect(reply.body).not.toContain('broken')
  }
  await played.stop()
})
