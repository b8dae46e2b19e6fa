import { afterAll, beforeAll, expect, test } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { dial, received, statuses } from './raw.ts'
import { modern, open } from './request.ts'
import { scriptedUpstream, type ScriptedUpstream } from './upstream.ts'

// The clocks of the HTTP client and server below the gateway are not ours to play: undici's default cuts a silent stream after 301 s. So this
// file takes six minutes of real time, all of its tests at once.
const minutes = 60_000
const silence = 6 * minutes

const caller = testKey('caller')
let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream(
    (_, res) => void res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders(),
  )
  wire = await startWire({
    name: 'silence',
    config: testConfig([testServer('one', upstream.url)]),
    keys: keysFile(caller),
  })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const late = 'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n'

test.concurrent.each([
  ['GET', { method: 'GET', headers: { accept: 'text/event-stream' } }],
  ['subscriptions/listen', modern('subscriptions/listen', 1, '"notifications":{}')],
])(
  'a %s stream on which the server says nothing for six minutes lives',
  { timeout: silence + minutes },
  async (_, sending) => {
    let say: (() => void) | undefined
    const respond = upstream.respond
    upstream.respond = (seen, res) => {
      say = () => void res.write(late)
      respond(seen, res)
    }
    const stream = await open(wire.url, { key: caller.secret, ...sending })
    await expect.poll(() => say).toBeDefined()
    upstream.respond = respond
    let heard = ''
    stream.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
    })
    await sleep(silence)
    expect(stream.destroyed).toBe(false)
    expect(heard.split(':\n\n').length).toBeGreaterThan(20)
    say!()
    await expect.poll(() => heard).toContain('list_changed')
    stream.destroy()
  },
)

test.concurrent(
  'a body that does not come is given up with 408 and never reaches the server',
  { timeout: 3 * minutes },
  async () => {
    const socket = await dial(wire.port)
    const answer = received(socket)
    socket.write(
      `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${caller.secret}\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{"jsonrpc"`,
    )
    const drip = setInterval(() => socket.writable && socket.write(' '), 10_000)
    expect(statuses(await answer)).toEqual([408])
    clearInterval(drip)
    expect(upstream.seen.filter(({ method, body }) => method === 'POST' && !body.includes('listen'))).toEqual([])
  },
)
