import { request, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everywhere, word } from './everywhere.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const anna = testKey('anna')
const bert = testKey('bert')

/** The same choices in every run (Park and Miller). */
let dice = 20_261_128
const below = (count: number): number => {
  dice = (dice * 48_271) % 2_147_483_647
  return dice % count
}

let upstream: ScriptedUpstream
let gateway: Played

const json = { 'content-type': 'application/json' }
const sse = { 'content-type': 'text/event-stream' }
const text = (id: string, of: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${of}"}]}}`
const large = 'lorem ipsum '.repeat(60_000)

/** What servers do, and what breaks them. */
const ways: readonly ((res: ServerResponse, id: string) => void)[] = [
  (res, id) => res.writeHead(200, json).end(text(id, 'ok')),
  (res, id) => res.writeHead(200, json).end(text(id, large)),
  (res, id) => res.writeHead(200, json).end(text(id, `${large} forbidden`)),
  (res, id) => res.writeHead(200, json).end(text(`1${id}`, 'of another')),
  res => res.writeHead(200, json).end('{"jsonrpc":'),
  res => res.writeHead(404, json).end('{"error":"not here"}'),
  res => res.writeHead(202).end(),
  res => res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('x'),
  res => void res.destroy(),
  (res, id) => res.writeHead(200, sse).end(`data: ${text(id, 'ok')}\n\n`),
  (res, id) => res.writeHead(200, sse).end(`data: ${text(id, large)}\n\n`.repeat(2)),
  (res, id) => res.writeHead(200, sse).end(`data: ${text(id, `${large} forbidden`)}\n\n`),
  (res, id) => res.writeHead(200, sse).end(`data: ${text(id, 'half')}`),
  res => res.writeHead(200, sse).end(': nothing\n\n'),
  (res, id) => {
    res.writeHead(200, sse).write(`data: ${text(id, large).slice(0, 100_000)}`)
    setImmediate(() => res.destroy())
  },
]

beforeAll(async () => {
  upstream = await scriptedUpstream(({ body }, res) => {
    const [, id, way] = /"id":(\d+),.*"way":(\d+)/.exec(body.toString())!
    ways[Number(way)]!(res, id!)
  })
  const rules = [everywhere(word('forbidden'), 'Block'), everywhere({ secrets: {} }, 'Redact')]
  gateway = await playedGateway(
    testConfig([testServer('one', upstream.url, { guardrails: { rules } }), testServer('two', upstream.url)]),
    keysFile(anna, bert),
  )
})
afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

/** A client that leaves at some point: before its body is out, before the head, in the middle of the answer, or not at all. */
function call(id: number): Promise<void> {
  return new Promise(resolve => {
    const leaves = below(6)
    const args = JSON.stringify({ way: below(ways.length), pad: leaves < 3 ? large.slice(0, below(40_000)) : '' })
    const modern = callTool('t', id, args)
    const legacy = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"t","arguments":${args}}}`
    const { body = '', headers = {} } = below(2) === 0 ? { body: legacy } : modern
    const bytes = Buffer.from(body)
    const req = request(new URL(`/mcp/${below(2) === 0 ? 'one' : 'two'}`, gateway.url), {
      method: 'POST',
      agent: false,
      headers: {
        ...headers,
        ...json,
        accept: 'application/json, text/event-stream',
        'x-api-key': below(2) === 0 ? anna.secret : bert.secret,
        'content-length': bytes.length,
      },
    })
    req.on('close', () => resolve())
    req.on('error', () => undefined)
    req.on('response', res => {
      res.on('error', () => undefined)
      if (leaves === 2) res.once('data', () => req.destroy())
      if (leaves === 3) res.pause()
      if (leaves === 3) setTimeout(() => req.destroy(), below(20))
      else res.resume()
    })
    if (leaves === 0) req.write(bytes.subarray(0, below(bytes.length)), () => req.destroy())
    else req.end(bytes)
    if (leaves === 1) setTimeout(() => req.destroy(), below(10))
  })
}

async function gauges(): Promise<readonly number[]> {
  const page = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  const gauge = (name: string): number => Number(page.split(`\nbartizan_${name} `)[1]?.split('\n')[0])
  return ['held_bytes', 'open_calls', 'open_connections'].map(gauge)
}

test('after a thousand calls that ended in all ways, nothing is held, open or connected', async () => {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < 1000) await call((next += 1))
  }
  await Promise.all(Array.from({ length: 12 }, worker))
  await expect.poll(gauges, { timeout: 20_000 }).toEqual([0, 0, 0])
})
