import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { keyFields } from '../gateway/config/keys.ts'
import { makeApiKey } from './api-key.ts'
import { main } from './main.ts'

const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true }))
const now = Date.parse('2026-01-01T00:00:00Z')

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await main(args, {
    env: {},
    out: text => (said.out += text),
    err: text => (said.err += text),
    now: () => now,
    random: randomBytes,
  })
  return { code, ...said }
}

const shown = (err: string): string => /btz_[a-z0-9]{8}_[A-Za-z0-9]{43}/.exec(err)![0]
type Manifest = { metadata: unknown; spec: { digests: string[]; expiresAt?: string } }

describe('keys create', () => {
  test('shows the key once and writes a manifest that holds its digest and nothing of its secret', async () => {
    const { code, out, err } = await run(
      'keys',
      'create',
      'alice',
      '--servers',
      'files,web-*',
      '--tools',
      'read_*',
      '--scopes',
      'servers:read',
    )
    expect(code).toBe(0)
    const key = shown(err)
    const manifest = parse(out) as Manifest
    expect(manifest).toEqual({
      apiVersion: 'mcp.gateway.io/v1',
      kind: 'APIKey',
      metadata: { name: 'alice' },
      spec: {
        digests: [`sha256:${createHash('sha256').update(key).digest('hex')}`],
        scopes: ['servers:read'],
        allowedServers: ['files', 'web-*'],
        allowedTools: ['read_*'],
      },
    })
    expect(keyFields.digests.safeParse(manifest.spec.digests).success).toBe(true)
    expect(out).not.toContain(key.split('_')[2])
    expect(err.split(key)).toHaveLength(2)
  })

  test('writes to a new file and never over an old one', async () => {
    const file = join(folder, 'key.yaml')
    const first = await run('keys', 'create', 'alice', '--servers', '*', '--namespace', 'team', '-o', file)
    expect(first).toMatchObject({ code: 0, out: '' })
    const before = readFileSync(file, 'utf8')
    expect((parse(before) as Manifest).metadata).toEqual({ name: 'alice', namespace: 'team' })
    const second = await run('keys', 'create', 'bob', '--servers', '*', '-o', file)
    expect(second).toMatchObject({
      code: 1,
      out: '',
      err: `bartizan: ${file} exists: choose another file, or --append to it\n`,
    })
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  test.each(['kind: x\n', 'kind: x', ''])('appends a document to a file that holds %j', async before => {
    const file = join(folder, 'many.yaml')
    writeFileSync(file, before)
    expect(await run('keys', 'create', 'alice', '--servers', '*', '--append', file)).toMatchObject({ code: 0, out: '' })
    const kinds = parseAllDocuments(readFileSync(file, 'utf8')).map(
      document => (document.toJS() as { kind: string } | null)?.kind,
    )
    expect(kinds.filter(kind => kind !== undefined)).toEqual(before === '' ? ['APIKey'] : ['x', 'APIKey'])
  })

  test.each([
    ['30d', '2026-01-31T00:00:00.000Z'],
    ['1h30m', '2026-01-01T01:30:00.000Z'],
    ['2027-01-31T00:00:00+02:00', '2027-01-31T00:00:00+02:00'],
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
  ])('turns --expires %s into %s', async (given, expected) => {
    const { out } = await run('keys', 'create', 'a', '--servers', '*', '--expires', given)
    expect((parse(out) as Manifest).spec.expiresAt).toBe(expected)
  })

  test.each([
    [['keys'], 'only "bartizan keys create NAME" exists'],
    [['keys', 'create', '--servers', '*'], 'give exactly one NAME'],
    [['keys', 'create', 'Alice', '--servers', '*'], 'lowercase letters'],
    [['keys', 'create', 'a'], '--servers is missing'],
    [['keys', 'create', 'a', '--servers', ''], '--servers: '],
    [['keys', 'create', 'a', '--server', 'x'], 'unknown option --server; did you mean --servers?'],
    [['keys', 'create', 'a', '--servers', '*', '--scopes', 'admin'], '--scopes: '],
    [['keys', 'create', 'a', '--servers', '*', '--expires', 'soon'], 'neither a time'],
    [['keys', 'create', 'a', '--servers', '*', '--expires', '2025-01-01'], 'is in the past'],
    [['keys', 'create', 'a', '--servers', '*', '--append', 'keys.json'], 'only a *.yaml or *.yml'],
    [['keys', 'create', 'a', '--servers', '*', '--append', 'a.yaml', '-o', 'b.yaml'], 'either -o or --append'],
    [['kesy'], 'there is no command kesy; did you mean keys?'],
  ])('%j makes no key and says what to do', async (args, says) => {
    const { code, out, err } = await run(...args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(says)
    expect(err).not.toContain('btz_')
  })
})

test('a key spells all 256 bits: the smallest and the largest number fit in it', () => {
  const all = (byte: number) => makeApiKey(length => Buffer.alloc(length, byte)).key
  expect(all(0)).toBe(`btz_${'0'.repeat(8)}_${'0'.repeat(43)}`)
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const value = Array.from(all(255).split('_')[2]!).reduce((sum, sign) => sum * 62n + BigInt(digits.indexOf(sign)), 0n)
  expect(value).toBe(2n ** 256n - 1n)
})
