import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keep } from '../../hack/minted.ts'
import { keysFile, testConfig, testKey, testServer, type TestKey } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'
import { scriptedUpstream, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'

/** A modern server on a pipe that says which process it is. */
const child = `
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line)
  if (id === undefined) continue
  const result = method === 'server/discover'
    ? { supportedVersions: ['2026-07-28'], capabilities: {}, serverInfo: { name: 'c', version: '1' }, resultType: 'complete' }
    : { content: [{ type: 'text', text: 'process ' + process.pid }], resultType: 'complete' }
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
}
`
const greeting = 'data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"open"}}\n\n'
const folder = mkdtempSync(join(tmpdir(), 'bartizan-principals-'))
const file = join(folder, 'child.mjs')

let upstream: ScriptedUpstream
let gateway: Played
const config = () =>
  testConfig([
    testServer('web', upstream.url),
    testServer('local', 'http://unused.invalid', { upstream: { stdio: { command: [process.execPath, file] } } }),
  ])
const useKeys = (...keys: TestKey[]): void => {
  const texts = { gateway: JSON.stringify(config()), keys: JSON.stringify(keysFile(...keys)) }
  expect(gateway.apply(texts).issues).toEqual([])
}

beforeAll(async () => {
  writeFileSync(file, child)
  upstream = await scriptedUpstream(({ body, method }, res) => {
    if (method === 'GET') return void res.writeHead(200, { 'content-type': 'text/event-stream' }).write(greeting)
    const opens = body.includes('"initialize"')
    res.writeHead(200, { 'content-type': 'application/json', ...(opens && { 'mcp-session-id': 'theirs' }) })
    res.end('{"jsonrpc":"2.0","id":1,"result":{}}')
  })
  gateway = await playedGateway(config(), keysFile())
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  keep('audit', 'principals', JSON.stringify(gateway.audit()))
  rmSync(folder, { recursive: true })
})

const body = (method: string, params: unknown = {}): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const opened = async ({ secret }: TestKey): Promise<string> => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
  const reply = await send(gateway.url, { path: '/mcp/web', key: secret, body: body('initialize', params) })
  return reply.headers['mcp-session-id'] as string
}
const statusIn = async (session: string, { secret }: TestKey): Promise<number | undefined> => {
  const headers = { 'mcp-session-id': session }
  return (await send(gateway.url, { path: '/mcp/web', key: secret, headers, body: body('ping') })).status
}
const processOf = async ({ secret }: TestKey): Promise<string | undefined> =>
  /process \d+/.exec((await send(gateway.url, { path: '/mcp/local', key: secret, ...callTool('t', 1) })).body)?.[0]

/** A second key of the same entry, as a rotation adds one. */
const rotated = (from: TestKey, keep: 'both' | 'new'): { readonly before: TestKey; readonly after: TestKey } => {
  const fresh = testKey(from.entry.name)
  const digests = keep === 'both' ? [...fresh.entry.digests, ...from.entry.digests] : fresh.entry.digests
  const entry = { ...from.entry, digests }
  return { before: { ...from, entry }, after: { ...fresh, entry } }
}

test.each([
  ['in a cluster, where it is another object', { uid: 'first', generation: 1 }, { uid: 'second', generation: 1 }],
  ['standalone, where it has another digest', {}, {}],
])('a key that was made anew under the same name has none of the former one’s: %s', async (_, first, second) => {
  const former = testKey('ada', first)
  useKeys(former)
  const [session, process] = [await opened(former), await processOf(former)]
  expect(await statusIn(session, former)).toBe(200)
  expect(process).toBeDefined()

  const heir = testKey('ada', second)
  useKeys(heir)
  expect(await statusIn(session, heir)).toBe(404)
  const other = await processOf(heir)
  expect(other).toBeDefined()
  expect(other).not.toBe(process)
})

test('an object that was made anew with the very digests of the former one is another caller', async () => {
  const former = testKey('eve', { uid: 'first', generation: 1 })
  useKeys(former)
  const [session, process] = [await opened(former), await processOf(former)]
  const heir = { ...former, entry: { ...former.entry, uid: 'second' } }
  useKeys(heir)
  expect(await statusIn(session, heir)).toBe(404)
  expect(await processOf(heir)).not.toBe(process)
})

test('a stream of the former object does not go on as one of the next', async () => {
  const former = testKey('ivy', { uid: 'first', generation: 1 })
  useKeys(former)
  const headers = { 'mcp-session-id': await opened(former), accept: 'text/event-stream' }
  const stream = send(gateway.url, { path: '/mcp/web', method: 'GET', key: former.secret, headers })
  await expect.poll(() => upstream.seen.at(-1)?.method).toBe('GET')
  useKeys({ ...former, entry: { ...former.entry, uid: 'second' } })
  expect((await stream).body).toContain('open')
})

test.each([
  ['in a cluster', { uid: 'one', generation: 1 }],
  ['standalone', {}],
])('a key that is rotated keeps its sessions and its process: %s', async (_, more) => {
  const old = testKey('bob', more)
  useKeys(old)
  const [session, process] = [await opened(old), await processOf(old)]

  const both = rotated(old, 'both')
  useKeys(both.after)
  expect(await statusIn(session, both.before)).toBe(200)
  expect(await statusIn(session, both.after)).toBe(200)
  expect(await processOf(both.after)).toBe(process)

  const fresh = { ...both.after, entry: { ...both.after.entry, digests: both.after.entry.digests.slice(0, 1) } }
  useKeys(fresh)
  expect(await statusIn(session, fresh)).toBe(200)
  expect(await processOf(fresh)).toBe(process)
})

test('in a cluster a rotation may exchange all digests at once', async () => {
  const old = testKey('joe', { uid: 'joe', generation: 1 })
  useKeys(old)
  const session = await opened(old)
  const { after } = rotated(old, 'new')
  useKeys(after)
  expect(await statusIn(session, after)).toBe(200)
})
