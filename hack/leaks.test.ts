import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { enough, judge, search } from './leaks.ts'
import { keep, mint, random, sink, sinkKinds, sinks, type Minted } from './minted.ts'

/** A fresh secret that is in no register: what leaks here on purpose must not be found by the search after the suite. */
const fresh = (): Minted => ({ kind: 'planted', value: random(43) })

/** A register with enough secrets and a clean file in every sink. */
function cleanRun(folder: string): { register: string; sinks: string; secrets: Minted[] } {
  const secrets = Array.from({ length: enough }, fresh)
  const register = join(folder, 'minted.txt')
  writeFileSync(register, secrets.map(minted => `${JSON.stringify(minted)}\n`).join(''))
  for (const kind of sinkKinds) {
    mkdirSync(join(folder, 'sinks', kind), { recursive: true })
    writeFileSync(join(folder, 'sinks', kind, 'test.1'), 'a quiet line\n')
  }
  return { register, sinks: join(folder, 'sinks'), secrets }
}

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leaks-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the search for leaked secrets', () => {
  test('is content with a run that leaked nothing', () => {
    const run = cleanRun(folder)
    expect(judge(run.register, run.sinks)).toEqual({ problems: [], secrets: enough, files: sinkKinds.length })
  })

  test.each(sinkKinds)('finds a leak planted in the sink "%s"', kind => {
    const run = cleanRun(folder)
    appendFileSync(join(run.sinks, kind, 'test.1'), `{"said":"x${run.secrets[77]!.value}y"}\n`)
    expect(judge(run.register, run.sinks).problems).toContain(`${kind}/test.1: a secret of kind planted (raw)`)
  })

  test.each(sinkKinds)('complains when nothing was captured for the sink "%s"', kind => {
    const run = cleanRun(folder)
    writeFileSync(join(run.sinks, kind, 'test.1'), '')
    expect(judge(run.register, run.sinks).problems).toEqual([`nothing was captured for the sink "${kind}"`])
  })

  test('complains when fewer than 200 secrets were minted', () => {
    const run = cleanRun(folder)
    writeFileSync(run.register, readFileSync(run.register, 'utf8').split('\n').slice(1).join('\n'))
    expect(judge(run.register, run.sinks).problems).toEqual([`only ${enough - 1} secrets were minted, 200 are needed`])
  })

  test('reports no part of the secret itself', () => {
    const secret = fresh()
    const leaks = JSON.stringify(search([secret])('log/test', Buffer.from(secret.value)))
    expect(leaks).not.toContain(secret.value.slice(0, 8))
    expect(leaks).not.toContain(secret.value.slice(-8))
  })
})

/** Every byte in hexadecimal behind a prefix. */
const bytes = (prefix: string, secret: string): string =>
  Array.from(Buffer.from(secret), byte => prefix + byte.toString(16)).join('')

/** An independent writer for each spelling; `tail` is what a log that shortens would leave. */
const writers: Record<string, (secret: string) => string> = {
  raw: secret => secret,
  base64: secret => btoa(secret),
  base64url: secret => btoa(secret).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
  'base64 of a longer text': secret => btoa(`Bearer ${secret}!`),
  'base64 of a text longer by one': secret => btoa(`Bearer: ${secret}??`),
  'base64 of a text longer by two': secret => btoa(`X-API-Key ${secret}`),
  hex: secret => bytes('', secret),
  'upper case hex': secret => bytes('', secret).toUpperCase(),
  'percent-encoded': secret => bytes('%', secret).toUpperCase(),
  'JSON-escaped': secret => bytes('\\u00', secret),
}

describe('a secret is found', () => {
  test.each(Object.keys(writers))('written as %s', name => {
    const secret = fresh()
    const captured = Buffer.from(`before ${writers[name]!(secret.value)} after`)
    expect(search([fresh(), secret])('log/test', captured)).not.toEqual([])
  })

  test.each(Object.keys(writers))('by its last 12 characters, written as %s', name => {
    const secret = fresh()
    const captured = Buffer.from(`before ${writers[name]!(secret.value.slice(-12))} after`)
    expect(search([fresh(), secret])('log/test', captured)).not.toEqual([])
  })

  test('with quotes, spaces and plus signs in it, percent-encoded or JSON-escaped as libraries do it', () => {
    const secret = { kind: 'password', value: `p"a\\s s+w/${random(12)}` }
    const find = search([secret])
    expect(find('log/a', Buffer.from(encodeURIComponent(secret.value)))).not.toEqual([])
    expect(find('log/b', Buffer.from(JSON.stringify(secret)))).not.toEqual([])
  })
})

describe('minting', () => {
  test('registers every secret, so that the search knows it', () => {
    const before = process.env['BARTIZAN_MINTED']
    process.env['BARTIZAN_MINTED'] = join(folder, 'register')
    const values = [mint('api-key'), mint('token'), mint('github', r => `ghp_${r(36)}`)]
    if (before === undefined) delete process.env['BARTIZAN_MINTED']
    else process.env['BARTIZAN_MINTED'] = before
    const lines = readFileSync(join(folder, 'register'), 'utf8').trim().split('\n')
    expect(lines.map(line => (JSON.parse(line) as Minted).value)).toEqual(values)
    expect(values[0]).toMatch(/^btz_[a-z0-9]{8}_[A-Za-z0-9]{43}$/)
  })

  test('refuses a shape that ends in fixed characters, which would be found everywhere', () => {
    expect(() => mint('pem', r => `${r(40)}-----END KEY-----`)).toThrow('last twelve are random')
  })

  test('keeps what was captured under the kind of its sink', () => {
    const before = process.env['BARTIZAN_SINKS']
    process.env['BARTIZAN_SINKS'] = join(folder, 'captured')
    keep('audit', 'one test', 'line 1\n')
    keep('audit', 'one test', 'line 2\n')
    expect(readFileSync(sink('audit', 'one test'), 'utf8')).toBe('line 1\nline 2\n')
    expect(sink('audit', 'one test').startsWith(sinks())).toBe(true)
    if (before === undefined) delete process.env['BARTIZAN_SINKS']
    else process.env['BARTIZAN_SINKS'] = before
  })
})
