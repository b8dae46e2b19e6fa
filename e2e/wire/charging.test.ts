import { afterEach, beforeEach, expect, test } from 'vitest'
import { pass, type PolicyChain } from '../../gateway/exchange.ts'
import type { ResourceKind, ServerResources } from '../../gateway/resource-kind.ts'
import { everywhere, word } from './everywhere.ts'
import { atLimits, CountingCharge, waitingStage } from './extensions.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, open, send, until, type Reply } from '../../hack/testing/mcp-request.ts'
import { emptyResult, scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const guardrails = { rules: [everywhere(word('secret'), 'Redact'), everywhere(word('forbidden'), 'Block')] }
const tools = { policy: { mode: 'denylist' as const, deniedTools: ['closed'] }, dangerousPatterns: [], approved: [] }

let upstream: ScriptedUpstream
let gateway: Played
/** What the chain of the server has at the place of limits. */
let more: PolicyChain
/** Charges that are kept in the registry. */
let kept: (resources: ServerResources) => PolicyChain

const config = (change = {}) => testConfig([testServer('one', upstream.url, { guardrails, tools, ...change })])
const apply = (change = {}) =>
  gateway.apply({ gateway: JSON.stringify(config(change)), keys: JSON.stringify(keysFile(caller)) })

beforeEach(async () => {
  more = []
  kept = () => []
  upstream = await scriptedUpstream()
  gateway = await playedGateway(config(), keysFile(caller), {
    extensions: { chain: (chain, _, resources) => atLimits(chain, ...more, ...kept(resources)) },
  })
})

afterEach(async () => {
  await gateway.stop()
  await upstream.stop()
})

/** The chain is compiled anew, as after every change of the configuration. */
function use<C extends PolicyChain>(...chain: C): C {
  more = chain
  apply({ timeouts: { request: '9m' } })
  return chain
}

const call = (tool = 't', text = 'nothing'): Promise<Reply> =>
  send(gateway.url, { key: caller.secret, ...callTool(tool, 1, JSON.stringify({ text })) })

test('a call that is rewritten is charged once: with a limit of one the first call passes', async () => {
  const [limit] = use(new CountingCharge(1))
  expect((await call('t', 'a secret')).status).toBe(200)
  expect(upstream.seen[0]!.body.toString()).toContain('[redacted:')
  expect(limit.asked).toEqual(['t'])
  expect(await call('t', 'a secret')).toMatchObject({ status: 503, headers: { 'retry-after': '30' } })
  expect({ taken: limit.taken, reserved: limit.reserved }).toEqual({ taken: 1, reserved: 0 })
  expect(upstream.seen).toHaveLength(1)
})

test('what a charge has counted survives a reload while what it is made of stays the same', async () => {
  const limits: ResourceKind<CountingCharge> = { name: 'limit' }
  let most = 1
  kept = resources => [resources.use(limits, String(most), () => new CountingCharge(most))]
  apply({ timeouts: { request: '9m' } })
  expect((await call()).status).toBe(200)
  apply({ timeouts: { request: '8m' } })
  expect((await call()).status).toBe(503)
  most = 2
  apply({ timeouts: { request: '7m' } })
  expect((await call()).status).toBe(200)
})

test('a tool that is closed costs nothing, and a call that a guardrail refuses stays charged', async () => {
  const [limit] = use(new CountingCharge(10))
  expect((await call('closed')).status).toBe(403)
  expect(limit.asked).toEqual([])
  expect((await call('t', 'forbidden')).status).toBe(400)
  expect(limit.taken).toBe(1)
})

test('a reload while a call is judged does not charge it again, whether it waits before or behind the charge', async () => {
  for (const order of ['before', 'behind']) {
    const slow = waitingStage()
    const limit = new CountingCharge(1)
    use(...(order === 'before' ? [slow, limit] : [limit, slow]))
    const reply = call('wait')
    await expect.poll(() => slow.gate.size).toBe(1)
    apply({ timeouts: { request: '8m' } })
    slow.gate.open(pass)
    // The configuration of now asks its stages, too.
    await expect.poll(() => slow.gate.size).toBe(1)
    slow.gate.open(pass)
    expect((await reply).status).toBe(200)
    expect(limit.asked).toEqual(['wait'])
    expect(limit.taken).toBe(1)
  }
})

test('all limits are charged or none: what one of them refuses is given back to the others', async () => {
  const [first, second, third] = use(new CountingCharge(5), new CountingCharge(1), new CountingCharge(5))
  expect((await call()).status).toBe(200)
  expect((await call()).status).toBe(503)
  expect([first.taken, second.taken, third.taken]).toEqual([1, 1, 1])
  expect([first.reserved, second.reserved, third.reserved]).toEqual([0, 0, 0])
  expect(third.asked).toHaveLength(1)
})

test('in a batch each message that is a call is charged once', async () => {
  const [limit] = use(new CountingCharge(2))
  const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
  const json = { 'content-type': 'application/json' }
  upstream.respond = (_, res) =>
    void res.writeHead(200, { ...json, 'mcp-session-id': 'theirs' }).end('{"jsonrpc":"2.0","id":1,"result":{}}')
  const opening = { jsonrpc: '2.0', id: 1, method: 'initialize', params }
  const opened = await send(gateway.url, { key: caller.secret, body: JSON.stringify(opening) })
  const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  upstream.respond = ({ body }, res) => {
    const ids = [...body.toString().matchAll(/"id":(\d+)/g)].map(([, id]) => id)
    const answers = ids.map(id => `{"jsonrpc":"2.0","id":${id},"result":{}}`)
    res.writeHead(200, json).end(`[${answers.join(',')}]`)
  }
  const one = (id: number, method: string, more = {}) => ({ jsonrpc: '2.0', id, method, params: more })
  const batch = [
    one(1, 'tools/call', { name: 'a' }),
    one(2, 'ping'),
    one(3, 'tools/call', { name: 'b', arguments: { text: 'secret' } }),
  ]
  const sent = { key: caller.secret, headers, body: JSON.stringify(batch) }
  expect((await send(gateway.url, sent)).status).toBe(200)
  expect(limit.asked).toEqual(['a', 'b'])
  expect(limit.taken).toBe(2)
  expect((await send(gateway.url, sent)).status).toBe(503)
})

test('what is open is never charged: not by a reload, not by a changed list, not by the end of a task', async () => {
  const [limit] = use(new CountingCharge(5))
  upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
  const stream = await open(gateway.url, { key: caller.secret, ...callTool('t', 1) })
  await until(stream, ':\n\n')
  expect(limit.asked).toEqual(['t'])
  for (let reload = 0; reload < 3; reload += 1) apply({ timeouts: { request: `${reload + 5}m` } })
  expect(stream.destroyed).toBe(false)
  expect(limit.asked).toEqual(['t'])
  stream.cancel()
  const changed = 'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n'
  upstream.respond = (seen, res) => {
    if (seen.method !== 'GET') return emptyResult(seen, res)
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(changed)
  }
  const events = await open(gateway.url, {
    method: 'GET',
    key: caller.secret,
    headers: { accept: 'text/event-stream' },
  })
  await until(events, 'list_changed')
  events.cancel()
  expect(limit.asked).toEqual(['t'])
})

test('a client that leaves while a charge waits gets nothing charged, even when the reservation comes late', async () => {
  let reserve: (() => void) | undefined
  const limit = new CountingCharge(5)
  use({
    name: 'store',
    reserve: x => new Promise(resolve => void (reserve = () => resolve(limit.reserve(x)))),
  })
  const { cancel } = await new Promise<{ cancel: () => void }>(resolve => {
    const controller = new AbortController()
    const { body = '', headers } = callTool('t', 1)
    const sent = {
      'x-api-key': caller.secret,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    }
    fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      signal: controller.signal,
      headers: { ...(headers as Record<string, string>), ...sent },
      body: String(body),
    }).catch(() => undefined)
    resolve({ cancel: () => controller.abort() })
  })
  await expect.poll(() => reserve !== undefined).toBe(true)
  cancel()
  await expect.poll(() => gateway.audit().some(({ status }) => status === 499)).toBe(true)
  reserve!()
  await expect.poll(() => limit.asked.length).toBe(1)
  await expect.poll(() => limit.reserved).toBe(0)
  expect(limit.taken).toBe(0)
})
