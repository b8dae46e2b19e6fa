import { afterEach, beforeEach, expect, test } from 'vitest'
import { pass, type Stage, type Verdict } from '../../gateway/exchange.ts'
import { atLimits, Gate } from './extensions.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, open, rest, send, until } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const result = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`
const note = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"note"}}'

let upstream: ScriptedUpstream
let gateway: Played
let gate: Gate<Verdict>

beforeEach(async () => {
  gate = new Gate()
  const stage: Stage = { name: 'waiting', response: () => gate.wait() }
  upstream = await scriptedUpstream()
  gateway = await playedGateway(testConfig([testServer('one', upstream.url)]), keysFile(caller), {
    extensions: { chain: chain => atLimits(chain, stage) },
  })
})

afterEach(async () => {
  gate.open(pass)
  await gateway.stop()
  await upstream.stop()
})

const waits = async (): Promise<void> => {
  await expect.poll(() => gate.size).toBe(1)
}
const heldBytes = async (): Promise<string | undefined> =>
  /^bartizan_held_bytes (\d+)$/m.exec(await (await fetch(`${gateway.metricsUrl}/metrics`)).text())?.[1]
const streamed = (...events: readonly string[]): void => {
  upstream.respond = (_, res) =>
    void res
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(events.map(data => `data: ${data}\n\n`).join(''))
}

test('an answer waits for a stage, and what it says later counts', async () => {
  const passes = send(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  await waits()
  gate.open(pass)
  expect((await passes).status).toBe(200)
  const refused = send(gateway.url, { key: caller.secret, ...callTool('t', 2) })
  await waits()
  gate.open({ deny: { stage: 'waiting', code: 'GuardrailBlocked' } })
  expect(await refused).toMatchObject({ status: 400, body: expect.stringMatching(/"id":2.*GuardrailBlocked/) })
  await expect.poll(heldBytes).toBe('0')
})

test('events wait in their order', async () => {
  streamed(note, result(1))
  const stream = await open(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  await until(stream, ':\n\n')
  await waits()
  gate.open(pass)
  expect(await until(stream, 'note')).not.toContain('result')
  await waits()
  gate.open(pass)
  expect((await rest(stream)).text).toContain('"result"')
  await expect.poll(heldBytes).toBe('0')
})

test('what a stage takes is no silence of the server', async () => {
  gateway.apply({
    gateway: JSON.stringify(testConfig([testServer('one', upstream.url, { timeouts: { idle: '1s' } })])),
    keys: JSON.stringify(keysFile(caller)),
  })
  const answer = send(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  await waits()
  gateway.pass(5_000)
  gate.open(pass)
  expect((await answer).status).toBe(200)
})

test('a stage that never answers is an own fault after ten seconds, and a late answer does nothing', async () => {
  const answer = send(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  await waits()
  gateway.pass(10_001)
  expect(await answer).toMatchObject({ status: 500, body: expect.stringContaining('Internal') })
  gate.open(pass)
  streamed(result(2))
  const stream = await open(gateway.url, { key: caller.secret, ...callTool('t', 2) })
  await waits()
  gateway.pass(10_001)
  expect((await rest(stream)).text).toMatch(/"id":2,"error".*Internal/)
  await expect.poll(heldBytes).toBe('0')
})

test('a client that leaves while its answer waits holds nothing', async () => {
  streamed(result(1))
  const stream = await open(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  await waits()
  stream.cancel()
  await expect.poll(heldBytes).toBe('0')
})
