import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pattern } from '../../gateway/config/pattern.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import {
  callTool,
  initializing,
  modern,
  open,
  openSession,
  send,
  type Reply,
  type Sending,
} from '../../hack/testing/mcp-request.ts'

const caller = testKey('caller')
const folder = mkdtempSync(join(tmpdir(), 'bartizan-bridge-'))

/** A legacy or a modern server, as its argument says; a tool called `wait` never answers. */
const child = `
import { createInterface } from 'node:readline'
import { appendFileSync } from 'node:fs'
const say = message => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(process.argv[3], line + '\\n')
  const { id, method, params } = JSON.parse(line)
  const serverInfo = { name: 'c', version: '1' }
  if (id === undefined || params?.name === 'wait') continue
  if (method === 'server/discover' && process.argv[2] === 'modern') say({ id, result: { supportedVersions: ['2026-07-28'], capabilities: {}, serverInfo, resultType: 'complete' } })
  else if (method === 'server/discover') say({ id, error: { code: -32601, message: 'Method not found' } })
  else if (method === 'initialize') say({ id, result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo } })
  else say({ id, result: { content: [] } })
}
`
const file = join(folder, 'child.mjs')
const heard = join(folder, 'heard')
const stdio = (era: string) => ({
  upstream: { stdio: { command: [process.execPath, file], args: [era, heard] } },
  timeouts: { request: '20s' as const, idle: '20s' as const },
})

let gateway: Played

beforeAll(async () => {
  writeFileSync(file, child)
  writeFileSync(heard, '')
  const servers = ['old', 'new'].map(name =>
    testServer(name, 'http://unused.invalid', stdio(name === 'new' ? 'modern' : 'legacy')),
  )
  gateway = await playedGateway(testConfig(servers), keysFile(caller))
})
afterAll(async () => {
  await gateway.stop()
  rmSync(folder, { recursive: true })
})

const ask = (server: string, sending: Sending): Promise<Reply> =>
  send(gateway.url, { path: `/mcp/${server}`, key: caller.secret, ...sending })
const ping = (id: string, session?: string): Sending => ({
  headers: session === undefined ? {} : { 'mcp-session-id': session },
  body: `{"jsonrpc":"2.0","id":${id},"method":"ping"}`,
})
const initialize = (): Promise<string> => openSession(gateway.url, { path: '/mcp/old', key: caller.secret })

type Refusal = {
  readonly id?: unknown
  readonly error: { readonly code: number; readonly data: { readonly reason: string; readonly decision: string } }
}

/** A refusal as every other: id, reason, decision, a line in the audit log, and a count. */
async function isRefusal(reply: Reply, status: number, code: number, reason: string, id?: unknown): Promise<void> {
  const body = JSON.parse(reply.body) as Refusal
  expect([reply.status, body.error.code, body.error.data.reason, body.id]).toEqual([status, code, reason, id])
  await expect
    .poll(() => gateway.audit().findLast(({ decision }) => decision === body.error.data.decision))
    .toMatchObject({ verdict: 'deny', code: reason })
  const page = await (await fetch(new URL('/metrics', gateway.metricsUrl))).text()
  expect(page).toMatch(pattern(`decisions_total\\{[^}]*${reason}[^}]*\\} [1-9]`))
}

test('a session that has ended, or that another request opened, is refused with the id of the request', async () => {
  const session = await initialize()
  expect((await ask('old', { method: 'DELETE', headers: { 'mcp-session-id': session } })).status).toBe(200)
  await isRefusal(await ask('old', ping('9007199254740993', session)), 404, -32001, 'SessionNotFound', 9007199254740992)
  expect((await ask('old', ping('9007199254740993', session))).body).toContain('"id":9007199254740993,')
  await isRefusal(
    await ask('old', { method: 'GET', headers: { 'mcp-session-id': session, accept: 'text/event-stream' } }),
    404,
    -32001,
    'SessionNotFound',
  )
})

test('a request without a session, a second server stream, a second initialize, an id in flight and an unknown revision are refused so, too', async () => {
  await isRefusal(await ask('old', ping('"a"')), 400, -32000, 'SessionRequired', 'a')
  const session = await initialize()
  const headers = { 'mcp-session-id': session }
  const stream = await open(gateway.url, { path: '/mcp/old', key: caller.secret, method: 'GET', headers })
  await isRefusal(await ask('old', { method: 'GET', headers }), 409, -32000, 'StreamOpen')
  stream.cancel()
  await isRefusal(await ask('old', { headers, ...initializing() }), 400, -32600, 'SessionOpen', 0)
  await isRefusal(
    await ask('old', { ...ping('5', session), headers: { ...headers, 'mcp-protocol-version': '2020-01-01' } }),
    400,
    -32000,
    'SessionRevision',
    5,
  )
  const wait = (id: number) => ({
    headers,
    body: `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"wait"}}`,
  })
  const waiting = open(gateway.url, { path: '/mcp/old', key: caller.secret, ...wait(7) })
  await expect.poll(async () => (await ask('old', wait(7))).status).toBe(400)
  await isRefusal(await ask('old', wait(7)), 400, -32600, 'RequestIdInUse', 7)
  await ask('old', { headers, body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}' })
  ;(await waiting).cancel()
})

test('a bad Accept and a revision that a modern child does not serve are refused so, with what clients read of them', async () => {
  const { headers, body } = callTool('t', 1)
  await isRefusal(
    await ask('new', { body: body!, headers: { ...headers, accept: 'application/json' } }),
    406,
    -31014,
    'NotAcceptable',
    1,
  )
  expect((await ask('new', { headers: headers!, body: body! })).status).toBe(200)
  const later = modern('tools/list', 2)
  const reply = await ask('new', {
    headers: { ...later.headers, 'mcp-protocol-version': '2027-01-01' },
    body: String(later.body).replace('2026-07-28', '2027-01-01'),
  })
  await isRefusal(reply, 400, -32022, 'RevisionNotServed', 2)
  expect(JSON.parse(reply.body)).toMatchObject({
    error: { data: { supported: ['2026-07-28'], requested: '2027-01-01' } },
  })
  await isRefusal(
    await ask('new', { method: 'GET', headers: { accept: 'text/event-stream' } }),
    405,
    -31004,
    'MethodNotAllowed',
  )
})

test('the child of a session is told of a call that nobody waits for any more', async () => {
  const session = await initialize()
  const reply = ask('old', {
    headers: { 'mcp-session-id': session },
    body: '{"jsonrpc":"2.0","id":"late","method":"tools/call","params":{"name":"wait"}}',
  })
  const { readFileSync } = await import('node:fs')
  const lines = () => readFileSync(heard, 'utf8')
  await expect.poll(lines).toContain('"late"')
  gateway.pass(20_001)
  expect((await reply).status).toBe(504)
  await expect.poll(lines).toContain('"method":"notifications/cancelled","params":{"requestId":"late"')
  expect((await ask('old', ping('1', session))).status).toBe(200)
})
