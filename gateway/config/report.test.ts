import { expect, test } from 'vitest'
import { nonceFormat, readReport, signReport, type Report } from './report.ts'

const key = Buffer.alloc(32, 1)
const nonce = 'abcdefghijklmnop'
const report: Report = {
  schema: 1,
  hash: 'a'.repeat(64),
  keysHash: 'b'.repeat(64),
  instance: 'uid',
  applied: { ok: false, keys: true, issues: [{ path: 'gateway.json: servers[0]', message: '"},"signature":"' }] },
  phase: 'draining',
  openCalls: 2,
  servers: { one: { stopped: false, healthy: null } },
  nonce,
}

test('what was signed is read as it was written', () => {
  expect(readReport(signReport(report, key), key, nonce)).toEqual({ report })
})

test('a report of a newer gateway, which says more, is read all the same', () => {
  const newer = { ...report, more: 'to come' } as Report
  expect(readReport(signReport(newer, key), key, nonce)).toEqual({ report })
})

test('another key, a changed byte, another question and a nonce alone are not believed', () => {
  const text = signReport(report, key)
  expect(readReport(text, Buffer.alloc(32, 2), nonce)).toEqual({ error: 'the signature is not of this gateway' })
  expect(readReport(text.replace('"openCalls":2', '"openCalls":3'), key, nonce)).toEqual({
    error: 'the signature is not of this gateway',
  })
  expect(readReport(text, key, 'qrstuvwxyzabcdef')).toEqual({ error: 'the report answers another question' })
  expect(readReport(`{"status":${JSON.stringify(report)}}`, key, nonce)).toEqual({ error: 'not a signed report' })
})

test('what is no report is told, whatever it is', () => {
  for (const text of ['', 'null', '<html>', '{"status":{}}', ` ${signReport(report, key)}`, 'x'.repeat(5_000_000)])
    expect(readReport(text, key, nonce)).toEqual({ error: 'not a signed report' })
  const odd = signReport({ nonce } as Report, key)
  expect(readReport(odd, key, nonce)).toHaveProperty('error', expect.stringContaining('not understood'))
})

test('a nonce is long enough not to be guessed and has nothing that a header could not carry', () => {
  expect(nonceFormat.test(nonce)).toBe(true)
  for (const bad of ['short', 'with blank 0123456', 'x'.repeat(129), 'line\n0123456789abc'])
    expect(nonceFormat.test(bad)).toBe(false)
})
