import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { drainToken, operatorToken } from '../../gateway/config/guard.ts'
import { keysFile, testConfig, testKey } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { podServer } from './pod.ts'
import { callTool, modern, open, rest, send, until } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const guard = Buffer.alloc(32, 5)
const second = 1_000
let upstream: ScriptedUpstream
let gateway: Played

beforeAll(async () => {
  upstream = await scriptedUpstream()
})

afterAll(() => upstream.stop())

beforeEach(async () => {
  upstream.respond = emptyResult
  const server = podServer(upstream.url, { timeouts: { request: '60s', idle: '60s' } })
  gateway = await playedGateway(testConfig([server]), keysFile(caller), { guard: () => [guard] })
})

afterEach(() => gateway.stop())

/** The hook of the server's container; `answered` tells whether the kubelet could go on. */
function hook(headers: Record<string, string> = { 'x-bartizan-drain': drainToken(guard) }) {
  const hooked = { answered: false, status: fetch(`${gateway.adminUrl}/-/drain`, { headers }).then(res => res.status) }
  void hooked.status.then(() => (hooked.answered = true))
  return hooked
}

const ready = async (): Promise<string> => (await fetch(`${gateway.adminUrl}/-/readyz`)).text()
const call = (id: string | number) => send(gateway.url, { key: caller.secret, ...callTool('t', id) })
const event = (name: string) => gateway.logs.filter(one => one.event === name)

test('the drain needs its token: without one, or with the operator’s, nothing happens', async () => {
  expect(await hook({}).status).toBe(401)
  expect(await hook({ 'x-bartizan-drain': operatorToken(guard) }).status).toBe(403)
  const posted = await fetch(`${gateway.adminUrl}/-/drain`, {
    method: 'POST',
    headers: { 'x-bartizan-drain': drainToken(guard) },
  })
  expect(posted.status).toBe(404)
  expect(event('draining')).toEqual([])
})

test('not ready at once, and serving all the same until clients have gone elsewhere', async () => {
  await expect.poll(ready).toBe('ok')
  const hooked = hook()
  await expect.poll(ready).toBe('draining')
  const answer = await call(1)
  expect([answer.status, answer.headers.connection]).toEqual([200, 'close'])
  gateway.pass(4 * second)
  expect((await call(2)).status).toBe(200)
  expect(hooked.answered).toBe(false)
  gateway.pass(2 * second)
  expect(await hooked.status).toBe(200)
  expect(await call(3)).toMatchObject({ status: 503, body: expect.stringContaining('ShuttingDown') })
})

test('the hook is answered when the last call in flight is done, and that call has its answer', async () => {
  let answer: (() => void) | undefined
  upstream.respond = (seen, res) => void (answer = () => emptyResult(seen, res))
  const slow = call('slow')
  await expect.poll(() => answer).toBeDefined()
  const finish = answer!
  upstream.respond = emptyResult
  const hooked = hook()
  await expect.poll(ready).toBe('draining')
  gateway.pass(20 * second)
  // New calls are served as long as the server is not told to end.
  expect((await call('meanwhile')).status).toBe(200)
  gateway.pass(second)
  expect(hooked.answered).toBe(false)
  finish()
  expect(await slow).toMatchObject({ status: 200, body: expect.stringContaining('"id":"slow"') })
  gateway.pass(second)
  expect(await hooked.status).toBe(200)
})

test('streams end cleanly when clients have gone elsewhere, so that they resume there, and none is opened any more', async () => {
  let release: (() => void) | undefined
  upstream.respond = (seen, res) => {
    if (seen.body.includes('"slow"')) release = () => emptyResult(seen, res)
    else if (seen.body.includes('bartizan-health')) emptyResult(seen, res)
    else res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  }
  const slow = call('slow')
  await expect.poll(() => release).toBeDefined()
  const get = { method: 'GET', headers: { accept: 'text/event-stream' } }
  const listen = modern('subscriptions/listen', 'L', '"notifications":{}')
  const streams = await Promise.all([get, listen].map(one => open(gateway.url, { key: caller.secret, ...one })))
  for (const stream of streams) await until(stream, ':\n\n')
  const hooked = hook()
  await expect.poll(ready).toBe('draining')
  gateway.pass(second)
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([false, false])
  gateway.pass(5 * second)
  const [got, listened] = await Promise.all(streams.map(rest))
  expect(got).toEqual({ text: '', broken: false })
  // A subscription waits for an answer, and hears that there will be none.
  expect(listened).toEqual({ text: expect.stringMatching(/"id":"L","error":.*ShuttingDown/), broken: false })
  for (const one of [get, listen])
    expect((await send(gateway.url, { key: caller.secret, ...one })).body).toContain('ShuttingDown')
  expect(hooked.answered).toBe(false)
  release!()
  await slow
  gateway.pass(second)
  expect(await hooked.status).toBe(200)
})

test('a drain that nothing follows is over after the longest request timeout and ten seconds', async () => {
  const hooked = hook()
  await expect.poll(ready).toBe('draining')
  gateway.pass(6 * second)
  await hooked.status
  gateway.pass(63 * second)
  expect(await ready()).toBe('drained')
  gateway.pass(2 * second)
  await expect.poll(ready).toBe('ok')
  expect((await call(1)).status).toBe(200)
  expect(event('serving again after a drain')).toMatchObject([{ fields: { why: 'nothing has ended the gateway' } }])
})

test('a call that outlasts the grace period does not hold the hook', async () => {
  upstream.respond = ({ body }, res) => {
    if (!body.includes('"stuck"')) return emptyResult({ body } as never, res)
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  }
  const stream = await open(gateway.url, { key: caller.secret, ...callTool('t', 'stuck') })
  await until(stream, ':\n\n')
  const hooked = hook()
  await expect.poll(ready).toBe('draining')
  gateway.pass(71 * second)
  expect(await hooked.status).toBe(200)
  stream.cancel()
})

test('two hooks are one drain', async () => {
  const hooked = [hook(), hook()]
  await expect.poll(ready).toBe('draining')
  gateway.pass(6 * second)
  expect(await Promise.all(hooked.map(({ status }) => status))).toEqual([200, 200])
  expect(event('draining')).toHaveLength(1)
  expect(await hook().status).toBe(200)
})

test('when the process ends the hook is answered', async () => {
  const hooked = hook()
  await expect.poll(ready).toBe('draining')
  await gateway.stop()
  expect(await hooked.status).toBe(200)
})

test('a server that does not answer is not waited for, and is served again when another has taken its place', async () => {
  const hanging: Server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  const { port } = hanging.address() as AddressInfo
  const stuck = await playedGateway(testConfig([podServer(`http://127.0.0.1:${port}/mcp`)]), keysFile(caller), {
    guard: () => [guard],
  })
  const headers = { 'x-bartizan-drain': drainToken(guard) }
  // No time passes for this gateway: what ends the wait is that the server says nothing.
  expect((await fetch(`${stuck.adminUrl}/-/drain`, { headers })).status).toBe(200)
  expect(stuck.logs.find(one => one.event === 'drained')).toMatchObject({
    fields: { why: 'the server does not answer' },
  })
  expect((await send(stuck.url, { key: caller.secret, ...callTool('t', 1) })).status).toBe(503)
  hanging.closeAllConnections()
  hanging.close()
  await once(hanging, 'close')
  await expect.poll(() => stuck.logs.map(one => one.event)).toContain('the server of this pod has ended')
  const restarted = createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":2,"result":{}}')
  }).listen(port, '127.0.0.1')
  await once(restarted, 'listening')
  const again = () => send(stuck.url, { key: caller.secret, ...callTool('t', 2) })
  await expect.poll(async () => (await again()).status).toBe(200)
  expect(stuck.logs.find(one => one.event === 'serving again after a drain')).toMatchObject({
    fields: { why: 'the server was restarted' },
  })
  await stuck.stop()
  restarted.closeAllConnections()
  restarted.close()
})
