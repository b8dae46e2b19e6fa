import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveKey, drainToken, operatorToken, statusKey, withdrawalKey } from './guard.ts'
import {
  isSigned,
  maxWithdrawalBytes,
  readWithdrawals,
  signWithdrawals,
  withdrawalMessages,
  type Withdrawal,
} from './withdrawal.ts'

const guard = Buffer.alloc(32, 1)
const secret = withdrawalKey(guard)
const gone = (uid: string): Withdrawal => ({ uid })
const digest = `sha256:${'a'.repeat(64)}`

test('what is signed is believed, by the guard secret of now and by the one before', () => {
  const [message] = withdrawalMessages([gone('a')]) as [Buffer]
  const signature = signWithdrawals(message, secret)
  expect(isSigned(message, signature, [secret])).toBe(true)
  expect(isSigned(message, signature, [withdrawalKey(Buffer.alloc(32, 2)), secret])).toBe(true)
})

test('nothing else is: another byte, another secret, another purpose, no signature at all', () => {
  const [message] = withdrawalMessages([gone('a')]) as [Buffer]
  const signature = signWithdrawals(message, secret)
  expect(isSigned(Buffer.from(message.toString().replace('a', 'b')), signature, [secret])).toBe(false)
  for (const other of [withdrawalKey(Buffer.alloc(32, 2)), statusKey(guard), deriveKey(guard, '')])
    expect(isSigned(message, signWithdrawals(message, other), [secret])).toBe(false)
  for (const text of ['', '0'.repeat(64), signature.slice(1), `${signature}0`, drainToken(guard), operatorToken(guard)])
    expect(isSigned(message, text, [secret])).toBe(false)
  expect(isSigned(message, signature, [])).toBe(false)
})

test('more than one message holds are several, and none is lost', () => {
  const many = Array.from({ length: 2500 }, (_, at) => gone(`uid-${at}`))
  const messages = withdrawalMessages(many)
  expect(messages.length).toBeGreaterThan(2)
  expect(messages.flatMap(message => readWithdrawals(message)!)).toEqual(many)
})

test('the largest key that there may be fits', () => {
  const globs = Array.from({ length: 256 }, () => '\u0001'.repeat(128))
  const key = { name: 'x'.repeat(253), uid: 'u', generation: 1, digests: Array.from({ length: 8 }, () => digest) }
  const large: Withdrawal = {
    uid: 'u'.repeat(64),
    generation: 1,
    key: { ...key, allowedServers: globs, allowedTools: globs },
  }
  const messages = withdrawalMessages([large, large, large])
  expect(Math.max(...messages.map(({ length }) => length))).toBeLessThanOrEqual(maxWithdrawalBytes)
  expect(messages.flatMap(message => readWithdrawals(message)!)).toEqual([large, large, large])
})

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"withdrawals":{}}',
  '{"withdrawals":[{}]}',
  '{"withdrawals":[{"uid":""}]}',
  '{"withdrawals":[{"uid":"a","generation":0}]}',
  '{"withdrawals":[{"uid":"a","more":1}]}',
  '{"withdrawals":[{"uid":"a","key":{}}]}',
])('%s is not understood', text => expect(readWithdrawals(Buffer.from(text))).toBeUndefined())

test('property: no bytes make the reader throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void readWithdrawals(Buffer.from(bytes))))
  fc.assert(fc.property(fc.json(), text => void readWithdrawals(Buffer.from(text))))
})
