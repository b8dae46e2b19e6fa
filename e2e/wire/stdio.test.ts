import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keep, mint } from '../../hack/minted.ts'
import { keysFile, testConfig, testKey, testServer } from './gateway.ts'
import { playedGateway, type Played } from '../../hack/testing/in-process.ts'
import { callTool, send } from '../../hack/testing/mcp-request.ts'

const caller = testKey('caller')
const folder = mkdtempSync(join(tmpdir(), 'bartizan-stdio-'))
const secrets = new Map([['token', mint('token')]])

/** A modern server that tells how long its secret is and how it ends, never the whole. */
const child = `
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method } = JSON.parse(line)
  if (id === undefined) continue
  const text = String(process.env.TOKEN?.length) + ' ' + (process.env.TOKEN ?? '').slice(-3) + ' ' + Object.keys(process.env).sort().join()
  const result = method === 'server/discover'
    ? { supportedVersions: ['2026-07-28'], capabilities: {}, serverInfo: { name: 'c', version: '1' }, resultType: 'complete' }
    : { content: [{ type: 'text', text }], resultType: 'complete' }
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
}
`
const file = join(folder, 'child.mjs')
const config = () =>
  testConfig([
    testServer('local', 'http://unused.invalid', {
      upstream: { stdio: { command: [process.execPath, file], env: [{ name: 'TOKEN', file: 'token' }] } },
    }),
  ])
const texts = () => ({ gateway: JSON.stringify(config()), keys: JSON.stringify(keysFile(caller)) })

let gateway: Played

beforeAll(async () => {
  writeFileSync(file, child)
  gateway = await playedGateway(config(), keysFile(caller), {
    readSecret: name => Buffer.from(secrets.get(name) ?? ''),
  })
})

afterAll(async () => {
  await gateway.stop()
  keep('log', 'stdio', JSON.stringify(gateway.logs))
  keep('audit', 'stdio', JSON.stringify(gateway.audit()))
  rmSync(folder, { recursive: true })
})

const seen = async (): Promise<string> => (await send(gateway.url, { key: caller.secret, ...callTool('t', 1) })).body

test('a child gets the secret that its server names, and of the environment nothing else but PATH and HOME', async () => {
  expect(await seen()).toContain(`43 ${secrets.get('token')!.slice(-3)} HOME,PATH,TOKEN`)
})

test('a rotated secret reaches the next call by a new child, without a change of the configuration', async () => {
  secrets.set('token', mint('token'))
  expect(gateway.apply(texts()).issues).toEqual([])
  expect(await seen()).toContain(`43 ${secrets.get('token')!.slice(-3)} `)
})
