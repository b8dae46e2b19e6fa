import { afterAll, beforeAll, expect, test } from 'vitest'
import { discard, keysFile, startWire, testConfig, testKey, testServer, type Wire } from './gateway.ts'
import { callTool, initializing, modern, send, type Reply, type Sending } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller', { allowedServers: ['mine'] })
const nothing = testKey('nothing', { allowedServers: ['mine'], scopes: [] })
const full = testKey('full')

let upstream: ScriptedUpstream
let wire: Wire

beforeAll(async () => {
  upstream = await scriptedUpstream()
  const servers = [
    testServer('mine', upstream.url),
    testServer('theirs', upstream.url),
    testServer('halted', upstream.url, { stopped: true }),
    testServer('broken', upstream.url, { refused: 'spec.url: is none' }),
    testServer('pipe', upstream.url, { upstream: { stdio: { command: ['/absent'] } } }),
  ]
  wire = await startWire({ name: 'unseen', config: testConfig(servers), keys: keysFile(caller, nothing, full) })
})

afterAll(async () => {
  await wire.stop()
  await upstream.stop()
  discard(wire)
})

/** All that a caller sees, but for the time and the id of the decision, which are others each time. */
const seen = ({ status, rawHeaders, body }: Reply): unknown => {
  const headers = rawHeaders.map((text, at) => (rawHeaders[at - 1] === 'Date' ? '' : text))
  return { status, headers, body: body.replace(/"d-[a-z0-9-]+"/, '""') }
}

const headers = { 'mcp-session-id': 'x', origin: 'http://localhost' }
const ways: [string, Sending][] = [
  ['a call', callTool('echo', 1)],
  ['a list', modern('tools/list', 7)],
  ['an initialize', initializing()],
  ['no JSON', { body: '{' }],
  ['a long body', { body: `"${'a'.repeat(200_000)}"` }],
  ['another media type', { body: 'x', headers: { 'content-type': 'text/plain' } }],
  ['GET', { method: 'GET', headers }],
  ['DELETE', { method: 'DELETE', headers }],
  ['PUT', { method: 'PUT', body: 'x' }],
  ['HEAD', { method: 'HEAD' }],
  ['OPTIONS', { method: 'OPTIONS', headers: { origin: 'http://localhost', 'access-control-request-method': 'POST' } }],
]

test.each(ways)('by %s a key does not learn whether a server that it may not call exists', async (_, way) => {
  for (const { secret } of [caller, nothing]) {
    const absent = seen(await send(wire.url, { ...way, path: '/mcp/absent', key: secret }))
    for (const name of ['theirs', 'halted', 'broken', 'pipe'])
      expect(seen(await send(wire.url, { ...way, path: `/mcp/${name}`, key: secret }))).toEqual(absent)
  }
})

test('the audit log keeps the difference', async () => {
  const decision = async (path: string): Promise<string> => {
    const { status, body } = await send(wire.url, { path, key: caller.secret, ...callTool('echo', 1) })
    expect([status, /"reason":"(\w+)"/.exec(body)?.[1]]).toEqual([404, 'NotFound'])
    return /"decision":"([^"]+)"/.exec(body)![1]!
  }
  const [theirs, absent] = [await decision('/mcp/theirs'), await decision('/mcp/absent')]
  const line = (id: string) => wire.audit().find(one => one.decision === id)
  await expect.poll(() => line(absent)).toMatchObject({ code: 'NotFound', stage: 'route', status: 404 })
  expect(line(theirs)).toMatchObject({ code: 'ServerNotAllowed', stage: 'authorize', server: 'theirs', status: 404 })
})

test('whoever may call a server is told what is wrong with it', async () => {
  const reason = async (name: string): Promise<string | undefined> =>
    /"reason":"(\w+)"/.exec(
      (await send(wire.url, { path: `/mcp/${name}`, key: full.secret, ...callTool('echo', 1) })).body,
    )?.[1]
  expect([await reason('halted'), await reason('broken')]).toEqual(['ServerStopped', 'ConfigurationRefused'])
})
