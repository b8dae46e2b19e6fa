import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Authenticator, Identity } from '../../gateway/auth/authenticator.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

const caller = testKey('caller')
const grants = { expiresAt: Infinity, allowsScope: () => true, allowsServer: () => true, allowsTool: () => true }
const dialler: Identity = { principal: { provider: 'key', subject: 'dialler', id: 'dialler', grants }, proof: 'd' }
const asked: string[] = []

/** Lets in who says so, and may do it at the bare address. */
const byHeader: Authenticator = {
  name: 'header',
  accepts: {
    noun: 'badge',
    requirement: 'Show a badge.',
    hint: 'show the badge as X-Badge',
    challenge: 'Badge realm="bartizan"',
    headers: ['X-Badge'],
  },
  authenticate: ({ headers }) => {
    asked.push('authenticate')
    return headers['x-badge'] === undefined ? undefined : dialler
  },
  authenticateByAddress: ({ headers }) => {
    asked.push('by address')
    return headers['x-badge'] === undefined ? undefined : dialler
  },
  revalidate: ({ proof }) => (proof === 'd' ? dialler : undefined),
}

let upstream: ScriptedUpstream
let gateway: Played
let address: string

beforeAll(async () => {
  upstream = await scriptedUpstream()
  // Of this listener `localhost` is a name, and the address behind it is none.
  gateway = await playedGateway(testConfig([testServer('one', upstream.url)]), keysFile(caller), {
    client: [{ host: 'localhost', port: 0 }],
    extensions: { authenticators: [byHeader] },
  })
  const { port } = new URL(gateway.url)
  const local = await fetch(`http://127.0.0.1:${port}/`).then(
    () => '127.0.0.1',
    () => '[::1]',
  )
  address = `http://${local}:${port}`
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

test('whoever may dial the bare address is authenticated once, and for others it is no Host', async () => {
  const call = callTool('t', 1)
  const badge = { ...call, headers: { ...call.headers, 'x-badge': '1' } }
  expect((await send(address, badge)).status).toBe(200)
  expect(asked.splice(0)).toEqual(['by address'])
  expect(await send(address, { ...call, key: caller.secret })).toMatchObject({
    status: 403,
    body: expect.stringContaining('HostNotAllowed'),
  })
  expect(asked.splice(0)).toEqual(['by address'])
  expect((await send(address, { ...badge, headers: { ...badge.headers, host: 'localhost' } })).status).toBe(200)
  expect(asked.splice(0)).toEqual(['authenticate'])
})

test('what is not right with the transport comes first for them, too', async () => {
  const call = callTool('t', 1)
  const headers = { ...call.headers, 'x-badge': '1', origin: 'https://elsewhere.example' }
  expect((await send(address, { ...call, headers })).body).toContain('OriginNotAllowed')
})

test('a client is told of every credential that is accepted', async () => {
  const host = { host: 'localhost' }
  const { headers, body } = await send(address, { ...callTool('t', 1), headers: host })
  expect(headers['www-authenticate']).toBe('Badge realm="bartizan", ApiKey realm="bartizan", header="X-API-Key"')
  expect(body).toContain('Show a badge. An API key is required.')
  const preflight = { method: 'OPTIONS', headers: { ...host, origin: 'http://localhost' } }
  const allowed = (await send(address, preflight)).headers['access-control-allow-headers']
  expect(allowed).toMatch(/^X-Badge, Authorization, X-API-Key, Content-Type, /)
  expect((await send(address, { path: '/', headers: host })).body).toContain(
    'No OAuth here: show the badge as X-Badge, or send the API key as X-API-Key or Authorization: Bearer.',
  )
})

test('without a key a client is still told of the other credentials', async () => {
  const keys = JSON.stringify(keysFile())
  gateway.apply({ gateway: JSON.stringify(testConfig([testServer('one', upstream.url)])), keys })
  const { body } = await send(address, { ...callTool('t', 1), headers: { host: 'localhost' } })
  expect(body).toContain('Show a badge.')
})
