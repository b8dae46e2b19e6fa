import { expect, test } from 'vitest'
import type { AuditRecord } from './audit-record.ts'
import { RefusalSums, sumEvery, sumText } from './refusal-sums.ts'

const refusal = (at: number, more: Partial<AuditRecord> = {}): AuditRecord => ({
  decision: `d-start-${at.toString(36)}`,
  time: at,
  event: 'auth_failure',
  verdict: 'deny',
  client: '192.0.2.1',
  method: 'HTTP POST',
  code: 'Unauthenticated',
  stage: 'authenticate',
  status: 401,
  ...more,
})

const ownOf = (refusals: RefusalSums, records: readonly AuditRecord[]): AuditRecord[] =>
  records.filter(record => refusals.isOwn(record))

const many = (count: number, more: Partial<AuditRecord> = {}): AuditRecord[] =>
  Array.from({ length: count }, (_, at) => refusal(at + 1, more))

test('the first ten of a kind have lines of their own, all after them one sum', () => {
  const refusals = new RefusalSums()
  expect(ownOf(refusals, many(1234)).map(({ time }) => time)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const [sum, ...more] = refusals.take()
  expect(more).toEqual([])
  expect(sum).toMatchObject({ code: 'Unauthenticated', stage: 'authenticate', status: 401, count: 1224 })
  expect([sum!.first.time, sum!.last.time]).toEqual([11, 1234])
  expect(sum!.samples.map(({ time }) => time)).toEqual([11, 20, 110, 1010])
})

test('a flood of one kind takes no line from another', () => {
  const refusals = new RefusalSums()
  ownOf(refusals, many(1000))
  expect(ownOf(refusals, many(3, { code: 'KeyRevoked' }))).toHaveLength(3)
})

test('each ten seconds begin anew', () => {
  const refusals = new RefusalSums()
  ownOf(refusals, many(1000))
  expect([refusals.due(1000), refusals.due(1 + sumEvery), refusals.due(-sumEvery)]).toEqual([false, true, true])
  expect(refusals.take()).toHaveLength(1)
  expect(refusals.take()).toEqual([])
  expect(ownOf(refusals, many(20))).toHaveLength(10)
})

test('what a sum holds does not grow with what it counts', () => {
  const refusals = new RefusalSums()
  for (let at = 1; at <= 100_000; at += 1)
    refusals.isOwn(
      refusal(at, { client: `2001:db8::${at.toString(16)}`, detail: 'ü'.repeat(2000), method: 'Ω'.repeat(500) }),
    )
  const [sum] = refusals.take()
  const text = sumText(sum!)
  expect(sum!.clients.size).toBe(256)
  expect(text.length).toBeLessThan(6000)
  expect(JSON.parse(`{"x":0${text}}`)).toMatchObject({ count: 99_990, clients_total: 256 })
})
