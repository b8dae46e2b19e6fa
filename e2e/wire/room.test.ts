import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleGateway } from '../../hack/bundle.ts'
import { deafCrowd, leave, requestBytes } from './flood.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

// Played against the bundle, with the flags of a pod.

const caller = testKey('caller')
const greedy = testKey('greedy')
const crowdOfKeys = Array.from({ length: 8 }, (_, at) => testKey(`deaf-${at}`))
const guard = randomBytes(32)
let upstream: ScriptedUpstream
let pod: Pod

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const config = testConfig([podServer(upstream.url)], { hosts: ['127.0.0.1'] })
  pod = await startPod({
    name: 'room',
    guards: [guard],
    program: await bundleGateway('room'),
    config: {
      'gateway.1.json': JSON.stringify(config),
      'keys.1.json': JSON.stringify(keysFile(caller, greedy, ...crowdOfKeys)),
    },
  })
}, 60_000)

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
})

/** Whether a caller and a probe are served, several times. */
async function standing(): Promise<unknown> {
  const statuses = new Set<number>()
  for (let at = 0; at < 5; at += 1)
    statuses.add((await send(pod.url, { key: caller.secret, ...callTool('t', at) })).status)
  statuses.add((await pod.admin('/-/livez')).status)
  const ended = pod.child.exitCode ?? pod.child.signalCode
  return { statuses: [...statuses], ended }
}

const call = callTool('t', 1)
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

const large = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"${'x'.repeat(4_000_000)}"}]}}`

test.each([
  ['application/json', large],
  ['text/event-stream', `data: ${large}\n\n`],
])(
  'of eight callers who do not read (%s) none keeps the largest answers from another',
  async (type, answer) => {
    upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': type }).end(answer)
    const statusOf = async (): Promise<string> => {
      const { status, body } = await send(pod.url, { key: caller.secret, ...callTool('t', 1) })
      return `${status} ${body.includes('xxx')}`
    }
    const before = upstream.seen.length
    const crowd: Socket[] = []
    for (const { secret } of crowdOfKeys)
      crowd.push(...(await deafCrowd(pod.port, 6, calls.replace(greedy.secret, secret))))
    const twenty = async (): Promise<Set<string>> => {
      const all = new Set<string>()
      for (let at = 0; at < 20; at += 1) all.add(await statusOf())
      return all
    }
    await expect.poll(() => upstream.seen.length - before).toBeGreaterThanOrEqual(crowd.length)
    await expect.poll(twenty, { timeout: 20_000 }).toEqual(new Set(['200 true']))
    upstream.respond = emptyResult
    expect(await standing()).toEqual({ statuses: [200], ended: null })
    leave(crowd)
  },
  60_000,
)

test('callers who do not send the rest of their requests keep nothing from another', async () => {
  upstream.respond = emptyResult
  const half = `${calls.slice(0, calls.indexOf('Content-Length'))}Content-Length: 4000000\r\n\r\n${' '.repeat(3_900_000)}`
  const crowd: Socket[] = []
  for (const { secret } of crowdOfKeys)
    crowd.push(...(await deafCrowd(pod.port, 4, half.replace(greedy.secret, secret))))
  const statusOf = async (): Promise<number> =>
    (await send(pod.url, { key: caller.secret, ...callTool('t', 1, `{"text":"${'lorem ips '.repeat(300_000)}"}`) }))
      .status
  await expect.poll(statusOf, { timeout: 20_000 }).toBe(200)
  for (let at = 0; at < 5; at += 1) expect(await statusOf()).toBe(200)
  leave(crowd)
}, 60_000)
