import { afterAll, beforeAll, expect, test } from 'vitest'
import { everywhere } from './everywhere.ts'
import { requestBytes } from './flood.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { dial } from '../../hack/testing/raw-http.ts'
import { callTool } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const guardrails = { rules: [everywhere({ secrets: {} }, 'Warn')] }
  wire = await startWire({
    name: 'left',
    config: testConfig([testServer('one', upstream.url, { guardrails })]),
    keys: keysFile(caller),
  })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

test('what a client sent who left before it was judged is neither judged to its end nor held', async () => {
  const { body, headers } = callTool('left', 1, JSON.stringify({ text: [';pw', 'd={a'].join('').repeat(500_000) }))
  const socket = await dial(wire.port)
  const all = {
    host: `127.0.0.1:${wire.port}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'x-api-key': caller.secret,
    'content-length': String(Buffer.byteLength(body!)),
    ...headers,
  }
  socket.write(requestBytes('POST /mcp HTTP/1.1', all, body as string))
  const metrics = async (): Promise<string> => (await fetch(`${wire.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toMatch(/bartizan_held_bytes 3/)
  socket.destroy()
  const line = (): unknown => wire.audit().find(({ tool }) => tool === 'left')
  await expect.poll(line, { timeout: 20_000 }).toMatchObject({
    event_type: 'mcp_call',
    status: 499,
    detail: 'the client left before its request was judged',
  })
  expect(await metrics()).toMatch(/bartizan_held_bytes 0/)
  expect(upstream.seen.filter(({ body }) => body.includes('left'))).toEqual([])
})
