import { afterAll, beforeAll, expect, test } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { dial, received, statuses } from './raw.ts'
import { modern, open } from './request.ts'
import { scriptedUpstream, type ScriptedUpstream } from './upstream.ts'

// The clocks of the HTTP client and server below the gateway are not ours to play: undici's default cuts a silent stream after 301 s. so this
// file waits.
// @slow six minutes of real time
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

test(
  'streams on which the server says nothing for six minutes live, a body that does not come gets 408',
  { timeout: silence + minutes },
  async () => {
    const says: (() => void)[] = []
    upstream.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      says.push(() => void res.write(late))
    }
    const get = await open(wire.url, { key: caller.secret, method: 'GET', headers: { accept: 'text/event-stream' } })
    const listen = await open(wire.url, {
      key: caller.secret,
      ...modern('subscriptions/listen', 1, '"notifications":{}'),
    })
    const heard = [get, listen].map(stream => {
      const all = { text: '' }
      stream.on('data', (chunk: Buffer) => {
        all.text += chunk.toString()
      })
      return all
    })
    const slow = await dial(wire.port)
    const answer = received(slow)
    const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: ${caller.secret}\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n`
    slow.write(`${head}{"jsonrpc"`)
    const drip = setInterval(() => slow.writable && slow.write(' '), 10_000)
    await sleep(silence)
    clearInterval(drip)
    expect(statuses(await answer)).toEqual([408])
    expect(upstream.seen.map(({ method }) => method)).toEqual(['GET', 'POST'])
    expect([get.destroyed, listen.destroyed]).toEqual([false, false])
    // A comment every 15 s, give or take the clock's half second.
    for (const { text } of heard) expect(text.split(':\n\n').length).toBeGreaterThan(20)
    for (const say of says) say()
    for (const all of heard) await expect.poll(() => all.text).toContain('list_changed')
    get.destroy()
    listen.destroy()
  },
)
