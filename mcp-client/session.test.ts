import { Client } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../hack/testing/scripted-upstream.ts'
import { McpRefusal } from './client.ts'
import { withMcpServer } from './session.ts'
import { readTools } from './tool-list.ts'

/** A server of 2025-11-25 with a session; `tools/list` fails. */
const failing: Respond = ({ method, body }, res) => {
  const { id, method: asked } = JSON.parse(body.toString() || '{}') as { id?: number; method?: string }
  if (method === 'DELETE' || id === undefined) return void res.writeHead(method === 'DELETE' ? 200 : 202).end()
  const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} } }
  const answer = asked === 'initialize' ? { result } : { error: { code: -32_601, message: 'Method not found' } }
  res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's1' })
  res.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
}

let upstream: ScriptedUpstream
beforeAll(async () => {
  upstream = await scriptedUpstream(failing)
})
afterAll(() => upstream.stop())

const targetOf = (url: string) => ({ client: new Client(new URL(url).origin), path: '/mcp', headers: {}, name: 'test' })

test('a session is ended and its connection closed, also when what it was used for failed', async () => {
  const target = targetOf(upstream.url)
  const { signal } = new AbortController()
  const used = withMcpServer(target, signal, async server => {
    await server.open(() => undefined)
    return readTools(server, () => undefined, signal)
  })
  await expect(used).rejects.toThrow(McpRefusal)
  expect(upstream.seen.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 's1' } })
  expect(target.client.destroyed).toBe(true)
})

test('what ends the signal ends the request under way, and is what it rejects with', async () => {
  const ended = new AbortController()
  const reason = new Error('enough')
  upstream.respond = () => ended.abort(reason)
  const used = withMcpServer(targetOf(upstream.url), ended.signal, server => server.open(() => undefined))
  await expect(used).rejects.toBe(reason)
  await upstream.seen.at(-1)?.closed
})
