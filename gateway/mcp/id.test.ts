import { expect, test } from 'vitest'
import { idKey } from './id.ts'

test('a string id is the same however its characters are escaped', () => {
  expect(idKey('"\\u00e9/"')).toBe(idKey('"é\\/"'))
  expect(idKey('"é/"')).toBe('"é/"')
})

test('neighbours beyond 2^53, and a number and its spelling in quotes, are different ids', () => {
  const keys = ['9007199254740992', '9007199254740993', '"9007199254740993"'].map(idKey)
  expect(new Set(keys).size).toBe(3)
})
