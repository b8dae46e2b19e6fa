import { afterEach, beforeEach, expect, test } from 'vitest'
import { drainToken } from '../../gateway/config/guard.ts'
import { pass } from '../../gateway/exchange.ts'
import { atLimits, waitingAuthenticator, waitingStage } from './extensions.ts'
import { keysFile, testConfig, testKey } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { dial, received } from '../../hack/testing/raw-http.ts'
import { requestBytes } from './flood.ts'
import { podServer } from './pod.ts'
import { callTool, send, type Reply } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const guard = Buffer.alloc(32, 5)
const second = 1_000
let upstream: ScriptedUpstream
let gateway: Played
let authenticator: ReturnType<typeof waitingAuthenticator>
let stage: ReturnType<typeof waitingStage>

beforeEach(async () => {
  authenticator = waitingAuthenticator()
  stage = waitingStage()
  upstream = await scriptedUpstream()
  gateway = await playedGateway(testConfig([podServer(upstream.url)]), keysFile(caller), {
    guard: () => [guard],
    drain: { settle: second },
    extensions: { authenticators: [authenticator], chain: chain => atLimits(chain, stage) },
  })
})

afterEach(async () => {
  authenticator.gate.open(undefined)
  stage.gate.open(pass)
  await gateway.stop()
  await upstream.stop()
})

/** The hook of the server's container. */
function hook() {
  const hooked = {
    answered: false,
    status: fetch(`${gateway.adminUrl}/-/drain`, { headers: { 'x-bartizan-drain': drainToken(guard) } }).then(
      res => res.status,
    ),
  }
  void hooked.status.then(() => (hooked.answered = true))
  return hooked
}

const call = (): Promise<Reply> => {
  const { body, headers } = callTool('wait', 1)
  return send(gateway.url, {
    key: caller.secret,
    ...(body !== undefined && { body }),
    headers: { ...headers, 'x-wait': '1' },
  })
}
const draining = () => gateway.logs.some(({ event }) => event === 'draining')

test('a drain waits for a request that waits, as for any call in flight, and the request is served', async () => {
  const reply = call()
  await expect.poll(() => authenticator.gate.size).toBe(1)
  const hooked = hook()
  await expect.poll(draining).toBe(true)
  gateway.pass(2 * second)
  expect(gateway.logs.map(({ event }) => event)).not.toContain('drained')
  authenticator.gate.open(undefined)
  await expect.poll(() => stage.gate.size).toBe(1)
  gateway.pass(2 * second)
  expect(hooked.answered).toBe(false)
  stage.gate.open(pass)
  expect((await reply).status).toBe(200)
  gateway.pass(second)
  expect(await hooked.status).toBe(200)
})

test('what waits for too long does not hold up the drain for longer than its own time', async () => {
  const reply = call()
  await expect.poll(() => authenticator.gate.size).toBe(1)
  const hooked = hook()
  await expect.poll(draining).toBe(true)
  gateway.pass(11 * second)
  expect((await reply).status).toBe(500)
  gateway.pass(second)
  expect(await hooked.status).toBe(200)
})

test('a body that is complete after the drain goes to no server, though its request waited before', async () => {
  const { body = '', headers } = callTool('t', 1)
  const all = {
    ...(headers as Record<string, string>),
    host: new URL(gateway.url).host,
    'content-type': 'application/json',
    'x-api-key': caller.secret,
    'x-wait': '1',
    'content-length': String(body.length),
  }
  const socket = await dial(Number(new URL(gateway.url).port))
  const answer = received(socket)
  socket.write(requestBytes('POST /mcp HTTP/1.1', all, String(body)).slice(0, -5))
  await expect.poll(() => authenticator.gate.size).toBe(1)
  const hooked = hook()
  await expect.poll(draining).toBe(true)
  authenticator.gate.open(undefined)
  await expect.poll(async () => (await fetch(`${gateway.metricsUrl}/metrics`)).text()).toContain('open_calls 0')
  gateway.pass(2 * second)
  expect(await hooked.status).toBe(200)
  socket.write(String(body).slice(-5))
  expect(await answer).toMatch(/503 Service Unavailable[^]*"id":1[^]*ShuttingDown/)
  // What else the server is asked is whether it still lives.
  expect(upstream.seen.map(({ body: sent }) => sent.toString()).filter(sent => sent.includes('tools/call'))).toEqual([])
})
