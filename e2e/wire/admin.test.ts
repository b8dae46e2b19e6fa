import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorToken, statusKey } from '../../gateway/config/guard.ts'
import { readReport } from '../../gateway/config/report.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, open, send, until } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const guard = Buffer.alloc(32, 7)
let upstream: ScriptedUpstream
let gateway: Played
let well = 200
/** That many of the next checks fail, whatever `well` says. */
let failing = 0

/** `/health` answers as the test says, everything else never. */
const withHealth: Respond = ({ url }, res) => {
  if (url !== '/health') return
  res.writeHead(failing > 0 ? 500 : well).end()
  failing = Math.max(0, failing - 1)
}

const config = () =>
  testConfig([
    testServer('one', upstream.url, {
      healthCheck: { path: '/health', interval: '50ms', timeout: '1s', failureThreshold: 2 },
    }),
  ])

beforeAll(async () => {
  upstream = await scriptedUpstream(withHealth)
  gateway = await playedGateway(config(), keysFile(caller), { guard: () => [guard] })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const get = async (path: string, headers: Record<string, string> = {}) => {
  const res = await fetch(`${gateway.adminUrl}${path}`, { headers })
  return { status: res.status, text: await res.text() }
}

test('livez answers as long as the process listens, readyz asks the server', async () => {
  expect(await get('/-/livez')).toMatchObject({ status: 200 })
  await expect.poll(() => get('/-/readyz')).toMatchObject({ status: 200 })
  well = 500
  await expect.poll(() => get('/-/readyz')).toMatchObject({ status: 503, text: 'unhealthy: one' })
  expect(await get('/-/livez')).toMatchObject({ status: 200 })
  well = 302
  await expect.poll(() => get('/-/readyz')).toMatchObject({ status: 200 })
})

test('one failed check is not enough', async () => {
  failing = 1
  await expect.poll(() => failing).toBe(0)
  const seen = upstream.seen.length
  await expect.poll(() => upstream.seen.length).toBeGreaterThan(seen)
  expect(gateway.logs.filter(({ event }) => event === 'server is unhealthy')).toHaveLength(1)
})

test('the health of a server is a metric', async () => {
  well = 500
  const metrics = async () => (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  await expect.poll(metrics).toContain('gateway_server_health_status{server="one"} 0')
  well = 200
  await expect.poll(metrics).toContain('gateway_server_health_status{server="one"} 1')
})

const nonce = 'nonce-0123456789abcdef'
const asOperator = (by = guard) => ({ authorization: `Bearer ${operatorToken(by)}`, 'x-bartizan-nonce': nonce })

test('status needs the token of the operator, and a number to answer with', async () => {
  expect(await get('/-/status')).toMatchObject({ status: 401 })
  expect(await get('/-/status', { ...asOperator(), authorization: `Bearer ${caller.secret}` })).toMatchObject({
    status: 401,
  })
  expect(await get('/-/status', asOperator(Buffer.alloc(32, 8)))).toMatchObject({ status: 401 })
  expect(await get('/-/status', { authorization: asOperator().authorization })).toMatchObject({ status: 400 })
})

test('status is a signed report of what runs, and an answer to one question alone', async () => {
  const { status, text } = await get('/-/status', asOperator())
  expect(status).toBe(200)
  const read = readReport(text, statusKey(guard), nonce)
  expect(read).toMatchObject({
    report: {
      hash: gateway.hash,
      instance: 'test',
      applied: { ok: true, keys: true, issues: [] },
      phase: 'serving',
      servers: { one: { stopped: false } },
    },
  })
  expect(readReport(text, statusKey(guard), 'another-0123456789')).toEqual({
    error: 'the report answers another question',
  })
})

test('the hash is of what was compiled, not of the text', () => {
  const before = gateway.hash
  const spaced = JSON.stringify(config(), undefined, 2)
  expect(gateway.apply({ gateway: spaced, keys: JSON.stringify(keysFile(caller)) }).hash).toBe(before)
  const other = { ...config(), hosts: ['x.example'] }
  expect(gateway.apply({ gateway: JSON.stringify(other), keys: JSON.stringify(keysFile(caller)) }).hash).not.toBe(
    before,
  )
})

test('metrics count calls, verdicts and times, and what the port shows is what Prometheus reads', async () => {
  upstream.respond = ({ url }, res) => void res.writeHead(url === '/health' ? well : 202).end()
  await send(gateway.url, { key: caller.secret, body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' })
  await send(gateway.url, { key: caller.secret, ...callTool('delete_x', 1) })
  const text = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
  expect(text).toMatch(/http_requests_total\{server="one",status="202"\} 1/)
  expect(text).toMatch(/bartizan_decisions_total\{server="one",code="ToolNotApproved"\} 1/)
  expect(text).toMatch(/http_request_duration_seconds_bucket\{server="one",le="\+Inf"\} 2/)
  expect(text).toMatch(/# TYPE http_request_duration_seconds histogram/)
  upstream.respond = withHealth
})

test('admin and metrics ports serve nothing of MCP', async () => {
  for (const base of [gateway.adminUrl!, gateway.metricsUrl!]) {
    expect((await fetch(`${base}/mcp`, { method: 'POST' })).status).toBe(404)
  }
})

test('a client that sends half a head holds nothing but its connection', async () => {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n')
  const stream = open(gateway.url, { method: 'GET', key: caller.secret, headers: { accept: 'text/event-stream' } })
  upstream.respond = ({ url }, res) => {
    if (url === '/health') res.writeHead(200).end()
    else res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  }
  expect(await until(await stream, ':\n\n')).toBe(':\n\n')
  ;(await stream).cancel()
  socket.destroy()
})

test('a policy edit does not make a sick server well', async () => {
  upstream.respond = withHealth
  well = 500
  await expect.poll(() => get('/-/readyz')).toMatchObject({ status: 503 })
  const edited = { ...config(), hosts: ['edited.example'] }
  expect(gateway.apply({ gateway: JSON.stringify(edited), keys: JSON.stringify(keysFile(caller)) }).issues).toEqual([])
  expect(await get('/-/readyz')).toMatchObject({ status: 503 })
  well = 200
  await expect.poll(() => get('/-/readyz')).toMatchObject({ status: 200 })
})
