import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorToken } from '../../gateway/config/guard.ts'
import { discard, keysFile, testConfig, testKey } from './gateway.ts'
import { playedGateway } from '../../hack/testing/in-process.ts'
import { podServer, startPod, type Pod } from './pod.ts'
import { callTool, initializing, modern, send, type Reply, type Sending } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const alice = testKey('alice', { allowedTools: ['read'] })
const guard = randomBytes(32)
const token = operatorToken(guard)
let upstream: ScriptedUpstream
let pod: Pod

const tools =
  '[{"name":"read","inputSchema":{}},{"name":"delete_all","inputSchema":{}},{"name":"hidden","inputSchema":{}}]'

/** A server with a session and three tools. */
const server: Respond = ({ method, body }, res) => {
  const id = /"id":\s*("[^"]*"|-?\d+)/.exec(body.toString())?.[1]
  if (method === 'DELETE') return void res.writeHead(200).end()
  if (id === undefined) return void res.writeHead(202).end()
  res.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'upstream-1' })
  res.end(`{"jsonrpc":"2.0","id":${id},"result":{"tools":${tools}}}`)
}

const policy = { mode: 'denylist' as const, deniedTools: ['hidden'] }
const config = () =>
  testConfig([podServer(upstream.url, { tools: { policy, dangerousPatterns: ['*delete*'], approved: [] } })])

beforeAll(async () => {
  upstream = await scriptedUpstream(server)
  pod = await startPod({
    name: 'operator',
    guards: [guard],
    config: { 'gateway.1.json': JSON.stringify(config()), 'keys.1.json': JSON.stringify(keysFile(alice)) },
  })
})

afterAll(async () => {
  await pod.stop()
  await upstream.stop()
  discard(pod)
})

/** Asks as the operator: at the address of the pod, which is no host name that anybody was told. */
const ask = ({ headers, ...sending }: Sending): Promise<Reply> =>
  send(pod.url, { ...sending, headers: { ...headers, authorization: `Bearer ${token}` } })

const legacy = (method: string, id: number | undefined = 1): Sending => ({
  body: JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method }),
})

const initialize = initializing('2025-11-25', 'operator')

test('the operator may find out what a server is, in both eras', async () => {
  for (const sending of [
    initialize,
    modern('server/discover', 1),
    modern('tools/list', 1),
    modern('prompts/list', 1),
    modern('resources/list', 1),
    legacy('ping'),
  ])
    expect([sending.body, (await ask(sending)).status]).toEqual([sending.body, 200])
  const initialized: Sending = { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' }
  expect((await ask(initialized)).status).toBe(202)
})

test('and nothing else, whatever it is', async () => {
  const before = upstream.seen.length
  for (const sending of [
    callTool('read', 1),
    modern('prompts/get', 1, '"name":"x"', 'x'),
    modern('resources/read', 1, '"uri":"x"', 'x'),
    modern('resources/templates/list', 1),
    modern('subscriptions/listen', 1, '"notifications":{}'),
    legacy('tasks/list'),
    { method: 'GET', headers: { accept: 'text/event-stream' } },
    { body: '{"jsonrpc":"2.0","id":1,"result":{}}' },
  ])
    expect(await ask(sending)).toMatchObject({ status: 403, body: expect.stringContaining('InsufficientScope') })
  expect(upstream.seen.slice(before).filter(({ body }) => !body.includes('"bartizan-health"'))).toEqual([])
})

test('it ends its own session, and to nobody else is that session known', async () => {
  const session = (await ask(initialize)).headers['mcp-session-id'] as string
  const stolen = { method: 'DELETE', key: alice.secret, headers: { 'mcp-session-id': session, host: '0.0.0.0' } }
  expect((await send(pod.url, stolen)).status).toBe(404)
  expect((await ask({ method: 'DELETE', headers: { 'mcp-session-id': session } })).status).toBe(200)
})

test('it sees the tools as they are, where a caller sees what he may call', async () => {
  expect((await ask(modern('tools/list', 1))).body).toContain(tools)
  const seen = await send(pod.url, { key: alice.secret, ...withHost(modern('tools/list', 1)) })
  expect(seen.body).toContain('[{"name":"read","inputSchema":{}}]')
})

/** The name of the listener, under which callers of this test come in. */
const withHost = (sending: Pick<Sending, 'body' | 'headers'>): Pick<Sending, 'body' | 'headers'> => ({
  ...sending,
  headers: { ...sending.headers, host: '0.0.0.0' },
})

test('the address of the pod is a host name for the operator alone', async () => {
  const host = new URL(pod.url).host
  const call = modern('tools/list', 1)
  expect(await send(pod.url, { key: alice.secret, ...call })).toMatchObject({
    status: 403,
    body: expect.stringContaining('HostNotAllowed'),
  })
  for (const wrong of ['evil.example', host.replace(/:.*/, ':1')])
    expect((await ask({ ...call, headers: { ...call.headers, host: wrong } })).status).toBe(403)
  const other = { ...call, headers: { ...call.headers, authorization: `Bearer ${operatorToken(randomBytes(32))}` } }
  expect((await send(pod.url, other)).body).toContain('HostNotAllowed')
})

test('over the other address family it is the same', async () => {
  const url = pod.urls[1]!.replace('[::]', '[::1]')
  const call = modern('tools/list', 1)
  const sending = { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } }
  expect((await send(url, sending)).status).toBe(200)
})

test('it is audited like everybody, and is no usage in the metrics', async () => {
  const lines = () => pod.audit().filter(({ principal }) => principal === 'operator:system:operator')
  // Lines are gathered for a tenth of a second before they are written.
  await expect.poll(() => lines().map(({ verdict }) => verdict)).toContain('allow')
  await expect.poll(() => lines().map(({ code }) => code)).toContain('InsufficientScope')
  const metrics = await (await fetch(`${pod.metricsUrl.replace('0.0.0.0', '127.0.0.1')}/metrics`)).text()
  expect(metrics).not.toMatch(/http_requests_total\{server="one",status="202"\}/)
  expect(metrics).toMatch(/http_requests_total\{server="one",status="200"\} 1\n/)
})

test('outside of a pod nobody comes in by the guard', async () => {
  const gateway = await playedGateway(config(), keysFile(alice), { guard: () => [guard] })
  const call = modern('tools/list', 1)
  const sending = { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } }
  expect((await send(gateway.url, sending)).status).toBe(401)
  await gateway.stop()
})

test('a server without any key has no way in but for the operator, and callers are told', async () => {
  const gateway = await playedGateway(config(), keysFile(), { guard: () => [guard], operator: true })
  const call = modern('tools/list', 1)
  const sending = { ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } }
  expect((await send(gateway.url, sending)).status).toBe(200)
  expect((await send(gateway.url, call)).body).toContain('NoAuthentication')
  await gateway.stop()
})
