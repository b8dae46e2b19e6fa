import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleGateway } from '../../hack/bundle.ts'
import { defaultMemory } from '../../hack/flags.ts'
import { deafCrowd, leave, requestBytes } from './flood.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

// Each of these ended the gateway within seconds. They are played against its bundle, with the flags of a pod.

const caller = testKey('caller')
const greedy = testKey('greedy')
const guard = randomBytes(32)
let upstream: ScriptedUpstream
let pod: Pod

beforeAll(async () => {
  upstream = await scriptedUpstream((seen, res) =>
    seen.body.includes('"long"')
      ? void res.writeHead(200, { 'content-type': 'application/json' }).end(long)
      : emptyResult(seen, res),
  )
  const config = testConfig([podServer(upstream.url)], { hosts: ['127.0.0.1'] })
  pod = await startPod({
    name: 'floods',
    guards: [guard],
    program: await bundleGateway(),
    config: { 'gateway.1.json': JSON.stringify(config), 'keys.1.json': JSON.stringify(keysFile(caller, greedy)) },
  })
}, 60_000)

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
})

const long = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${'x'.repeat(15_000)}"}]}}`

/** Memory of the process, files that are mapped included, in MiB. */
const resident = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pod.pid}/status`, 'utf8'))![1]) / 1024

/** Whether a caller and a probe are served, several times, and the process is within the memory of its pod. */
async function standing(): Promise<unknown> {
  const statuses = new Set<number>()
  for (let at = 0; at < 5; at += 1)
    statuses.add((await send(pod.url, { key: caller.secret, ...callTool('t', at) })).status)
  statuses.add((await pod.admin('/-/livez')).status)
  const ended = pod.child.exitCode ?? pod.child.signalCode
  return { statuses: [...statuses], ended, within: resident() < defaultMemory }
}

const well = { statuses: [200], ended: null, within: true }

const call = callTool('long', 1)
const calls = requestBytes(
  'POST /mcp HTTP/1.1',
  {
    ...(call.headers as Record<string, string>),
    Host: '127.0.0.1',
    'X-API-Key': greedy.secret,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'Content-Length': String(String(call.body).length),
  },
  String(call.body),
)
const portOf = (url: string): number => Number(new URL(url).port)
const get = requestBytes('GET / HTTP/1.1', { Host: '127.0.0.1' })

type Flood = readonly [name: string, port: () => number, count: number, bytes: string]
const floods: readonly Flood[] = [
  ['GET /', () => pod.port, 400, get.repeat(16_000)],
  ['GET / without Host', () => pod.port, 400, 'GET / HTTP/1.1\r\n\r\n'.repeat(4000)],
  ['calls without a key', () => pod.port, 200, calls.replace(greedy.secret, 'x').repeat(1000)],
  [
    'preflights',
    () => pod.port,
    200,
    requestBytes('OPTIONS /mcp HTTP/1.1', { Host: '127.0.0.1', Origin: 'http://127.0.0.1' }).repeat(4000),
  ],
  ['expectations', () => pod.port, 200, requestBytes('GET / HTTP/1.1', { Host: 'x', Expect: 'x' }).repeat(4000)],
  ['calls with a key, answered with 15 KB each', () => pod.port, 100, calls.repeat(200)],
  ['GET / at the port for probes', () => portOf(pod.adminUrl), 400, get.repeat(16_000)],
  [
    'GET /metrics',
    () => portOf(pod.metricsUrl),
    100,
    requestBytes('GET /metrics HTTP/1.1', { Host: 'x' }).repeat(2000),
  ],
]

test.each(floods)(
  '%s, thousands at once and no answer read: the gateway lives and serves others',
  async (_, port, count, bytes) => {
    const crowd = await deafCrowd(port(), count, Buffer.from(bytes))
    expect(await standing()).toEqual(well)
    leave(crowd)
    expect(await standing()).toEqual(well)
  },
)

test('of calls that one connection sends at once, one reaches the server', async () => {
  const before = upstream.seen.length
  const crowd = await deafCrowd(pod.port, 20, calls.repeat(200))
  await expect.poll(() => upstream.seen.length - before).toBe(20)
  expect(await standing()).toEqual(well)
  expect(upstream.seen.slice(before).filter(({ body }) => body.includes('"long"')).length).toBe(20)
  leave(crowd)
})

test('with as many slow heads as it holds connections the gateway stays within the memory of its pod', async () => {
  const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ${'x'.repeat(14_000)}`
  const crowd = await deafCrowd(pod.port, 5000, head)
  expect(await standing()).toEqual(well)
  leave(crowd)
})

test('slow heads whose owners never close are closed after their 408', async () => {
  const open = async (): Promise<number> => {
    const page = await (await fetch(`${pod.metricsUrl}/metrics`)).text()
    return Number(/^bartizan_open_connections (\d+)$/m.exec(page)?.[1])
  }
  const crowd = await deafCrowd(pod.port, 50, 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')
  await expect.poll(open).toBeGreaterThanOrEqual(50)
  await expect.poll(open, { timeout: 45_000 }).toBeLessThan(50)
  leave(crowd)
  expect(await standing()).toEqual(well)
})

test('with as many streams of one key as it holds connections the gateway stays within the memory of its pod', async () => {
  const listen = requestBytes('GET /mcp HTTP/1.1', {
    Host: '127.0.0.1',
    'X-API-Key': greedy.secret,
    Accept: 'text/event-stream',
  })
  upstream.respond = (seen, res) =>
    seen.method === 'GET'
      ? res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      : emptyResult(seen, res)
  const crowd = await deafCrowd(pod.port, 4000, listen)
  expect(await standing()).toEqual(well)
  leave(crowd)
  expect(await standing()).toEqual(well)
})
