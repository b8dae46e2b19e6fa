import { expect, test } from 'vitest'
import { deriveKey, drainToken, operatorToken, statusKey } from './guard.ts'

const guard = Buffer.alloc(32, 7)

test('every purpose has a key of its own, and none is the guard itself', () => {
  const keys = [
    operatorToken(guard),
    drainToken(guard),
    statusKey(guard).toString('base64url'),
    deriveKey(guard, 'session').toString('base64url'),
  ]
  expect(new Set([...keys, guard.toString('base64url')]).size).toBe(5)
  for (const key of keys) expect(Buffer.from(key, 'base64url')).toHaveLength(32)
})

test('the same guard gives the same keys and another guard others: operator and gateway derive them alike', () => {
  expect(operatorToken(Buffer.alloc(32, 7))).toBe(operatorToken(guard))
  expect(operatorToken(Buffer.alloc(32, 8))).not.toBe(operatorToken(guard))
})
