import { afterAll, beforeAll, expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { callTool, modern, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const full = testKey('full')
const reader = testKey('reader', { scopes: ['servers:read'] })
const nothing = testKey('nothing', { scopes: [] })
const other = testKey('other', { allowedServers: ['other-*'] })
const narrow = testKey('narrow', { allowedTools: ['echo', 'read_*'] })
const none = testKey('none', { allowedTools: [] })
const expired = testKey('expired', { expiresAt: '2020-01-01T00:00:00Z' })
const revoked = testKey('revoked', { revoked: true })
const keys = [full, reader, nothing, other, narrow, none, expired, revoked]

let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const tools = {
    policy: { mode: 'denylist' as const, deniedTools: ['admin_*'] },
    dangerousPatterns: ['*delete*'],
    approved: ['delete_draft'],
  }
  const servers = [
    testServer('weather', upstream.url, { tools }),
    testServer('second', upstream.url, { stopped: true }),
  ]
  wire = await startWire({ name: 'access', config: testConfig(servers), keys: keysFile(...keys) })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

const path = '/mcp/weather'
const reason = (body: string): string => (JSON.parse(body) as { error: { data: { reason: string } } }).error.data.reason

/** A request that must be refused, and that the server must never see. */
async function refused(sending: Parameters<typeof send>[1], status: number, code: string): Promise<string> {
  const before = upstream.seen.length
  const reply = await send(wire.url, { path, ...sending })
  expect([reply.status, reason(reply.body)]).toEqual([status, code])
  expect(upstream.seen.length).toBe(before)
  return reply.body
}

test('a call without a key is 401 and says which headers are accepted, without a Bearer challenge', async () => {
  const reply = await send(wire.url, { path, ...callTool('echo', 1) })
  expect(reply.status).toBe(401)
  expect(reply.body).toContain('X-API-Key')
  expect(reply.body).toContain('Authorization: Bearer')
  expect(reply.headers['www-authenticate']).not.toMatch(/bearer/i)
})

test('an unknown key is 401', () => refused({ key: mint('api-key'), ...callTool('echo', 1) }, 401, 'Unauthenticated'))
test('an expired key is 401 and says so', () =>
  refused({ key: expired.secret, ...callTool('echo', 1) }, 401, 'KeyExpired'))
test('a revoked key is 401 and says so', () =>
  refused({ key: revoked.secret, ...callTool('echo', 1) }, 401, 'KeyRevoked'))

test('two credentials that differ are refused', async () => {
  const call = callTool('echo', 1)
  const headers = { ...call.headers, 'x-api-key': full.secret, authorization: `Bearer ${reader.secret}` }
  await refused({ ...call, headers }, 401, 'CredentialConflict')
})

test('the key is taken from X-API-Key and from Authorization: Bearer', async () => {
  const call = callTool('echo', 1)
  expect((await send(wire.url, { path, key: full.secret, ...call })).status).toBe(200)
  const headers = { ...call.headers, authorization: `Bearer ${full.secret}` }
  expect((await send(wire.url, { path, ...call, headers })).status).toBe(200)
})

test('the key in a query is no key', () =>
  refused({ path: `${path}?api_key=${full.secret}`, ...callTool('echo', 1) }, 401, 'Unauthenticated'))

test('no credential of a caller reaches the server', async () => {
  const call = callTool('echo', 1)
  const headers = {
    ...call.headers,
    authorization: `Bearer ${full.secret}`,
    cookie: 'session=1',
    'x-forwarded-for': '1.2.3.4',
  }
  await send(wire.url, { path: `${path}?x=1`, key: full.secret, ...call, headers })
  const last = upstream.seen.at(-1)!
  const names = last.rawHeaders.filter((_, at) => at % 2 === 0).map(name => name.toLowerCase())
  expect(names).not.toEqual(expect.arrayContaining(['authorization']))
  for (const name of ['authorization', 'x-api-key', 'cookie', 'x-forwarded-for']) expect(names).not.toContain(name)
  expect(last.url).toBe('/mcp')
  expect(last.rawHeaders.join()).not.toContain(full.secret)
})

test('a server that does not exist and one that the key does not allow are 404, a stopped one is 503', async () => {
  await refused({ key: full.secret, path: '/mcp/absent', ...callTool('echo', 1) }, 404, 'NotFound')
  await refused({ key: other.secret, ...callTool('echo', 1) }, 404, 'NotFound')
  await refused({ key: full.secret, path: '/mcp/second', ...callTool('echo', 1) }, 503, 'ServerStopped')
})

test('/mcp means nothing where there are two servers', () =>
  refused({ key: full.secret, path: '/mcp', ...callTool('echo', 1) }, 404, 'NotFound'))

test('servers:read lists and discovers, and calls nothing', async () => {
  for (const method of ['server/discover', 'tools/list', 'resources/list']) {
    expect((await send(wire.url, { path, key: reader.secret, ...modern(method, 1) })).status).toBe(200)
  }
  await refused({ key: reader.secret, ...callTool('echo', 1) }, 403, 'InsufficientScope')
})

test('an empty list of scopes grants nothing', async () => {
  await refused({ key: nothing.secret, ...modern('tools/list', 1) }, 403, 'InsufficientScope')
  await refused({ key: nothing.secret, method: 'GET' }, 403, 'InsufficientScope')
})

test("a tool outside the key's list, a denied tool and a dangerous tool are 403, each with its reason", async () => {
  await refused({ key: narrow.secret, ...callTool('write_file', 1) }, 403, 'ToolNotAllowed')
  await refused({ key: none.secret, ...callTool('echo', 1) }, 403, 'ToolNotAllowed')
  await refused({ key: full.secret, ...callTool('admin_reset', 1) }, 403, 'ToolNotAllowed')
  await refused({ key: full.secret, ...callTool('delete_all', 1) }, 403, 'ToolNotApproved')
  await refused({ key: full.secret, ...callTool('ＤＥＬＥＴＥ_all', 1) }, 403, 'ToolNotApproved')
  await refused({ key: full.secret, ...callTool('del\u00ade\u200bte_all', 1) }, 403, 'ToolNotApproved')
  expect((await send(wire.url, { path, key: full.secret, ...callTool('delete_draft', 1) })).status).toBe(200)
})

test('lists show exactly what may be called, stay as they were otherwise, and become private', async () => {
  const list =
    '{"jsonrpc":"2.0","id":"L","result":{"tools":[{"name":"echo","n":9007199254740993},{"name":"admin_x"}, {"name":"delete_all"},{"name":"delete_draft"},{"title":"nameless"}],"ttlMs":60000,"cacheScope":"public"}}'
  upstream.respond = (_, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(list)
  const seen = async (key: string): Promise<string> =>
    (await send(wire.url, { path, key, ...modern('tools/list', 'L') })).body
  expect(await seen(full.secret)).toBe(
    '{"jsonrpc":"2.0","id":"L","result":{"tools":[{"name":"echo","n":9007199254740993},{"name":"delete_draft"}],"ttlMs":60000,"cacheScope":"private"}}',
  )
  expect(JSON.parse(await seen(narrow.secret))).toMatchObject({
    result: { tools: [{ name: 'echo' }], cacheScope: 'private' },
  })
  expect(JSON.parse(await seen(none.secret))).toMatchObject({ result: { tools: [] } })
})

test('the id of a refusal is echoed as it was spelled, and its decision resolves in the audit log', async () => {
  const body = await refused({ key: narrow.secret, ...callTool('nope', 'x') }, 403, 'ToolNotAllowed')
  const raw = await send(wire.url, {
    path,
    key: narrow.secret,
    headers: callTool('nope', 1).headers!,
    body: String(callTool('nope', 1).body).replace('"id":1', '"id":9007199254740993'),
  })
  expect(raw.body).toContain('"id":9007199254740993')
  const { error } = JSON.parse(body) as { error: { data: { decision: string } } }
  await expect
    .poll(() => wire.audit().find(line => line.decision === error.data.decision))
    .toMatchObject({
      verdict: 'deny',
      code: 'ToolNotAllowed',
      principal: 'key:narrow',
      server: 'weather',
      tool: 'nope',
      method: 'tools/call',
    })
})

test('an unknown method is 404 in the modern era and an error with status 200 in the legacy one', async () => {
  await refused({ key: full.secret, ...modern('tools/destroy', 1) }, 404, 'MethodNotFound')
  await refused({ key: full.secret, body: '{"jsonrpc":"2.0","id":1,"method":"tools/destroy"}' }, 200, 'MethodNotFound')
})

test('there is no OAuth to discover', async () => {
  for (const document of [
    'oauth-protected-resource/mcp/weather',
    'oauth-protected-resource',
    'oauth-authorization-server',
    'openid-configuration',
  ]) {
    expect((await send(wire.url, { method: 'GET', path: `/.well-known/${document}` })).status).toBe(404)
  }
})

test('the client port has no admin pages and no metrics', async () => {
  for (const page of ['/-/status', '/-/livez', '/-/readyz', '/-/drain', '/metrics', '/']) {
    expect((await send(wire.url, { method: 'GET', path: page, key: full.secret })).status).toBe(404)
  }
})
