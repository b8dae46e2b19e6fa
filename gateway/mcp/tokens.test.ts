import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { scalarEnd, skipSpace, stringEnd, valueEnd } from './tokens.ts'

const hard = fc
  .array(fc.constantFrom('\\', '"', 'a', 'é', '\n', 'a longer piece of text without any escape'), { maxLength: 200 })
  .map(all => all.join(''))
const json = fc.jsonValue({ maxDepth: 4 }).map(value => JSON.stringify(value))

test('a string ends at its own quote, however long it is and whatever is escaped in it', () => {
  fc.assert(
    fc.property(hard, hard, (text, after) => {
      const string = Buffer.from(JSON.stringify(text))
      expect(stringEnd(Buffer.concat([string, Buffer.from(after)]), 1)).toBe(string.length)
      expect(stringEnd(string.subarray(0, -1), 1)).toBe(string.length - 1)
    }),
    { numRuns: 3000 },
  )
})

test('a value ends where JSON.stringify ended it', () => {
  fc.assert(
    fc.property(json, fc.constantFrom('', ',', ']', '}', ' 1', ' ]}'), (text, after) => {
      expect(valueEnd(Buffer.from(text + after), 0)).toBe(Buffer.from(text).length)
    }),
    { numRuns: 3000 },
  )
})

test('white space is that of JSON and no other', () => {
  expect(skipSpace(Buffer.from(' \t\r\n1'), 0)).toBe(4)
  for (const other of ['\v', '\f', '\u00a0', '\ufeff']) expect(skipSpace(Buffer.from(other), 0)).toBe(0)
  expect(skipSpace(Buffer.from('  '), 0)).toBe(2)
})

test('numbers and literals end before punctuation and white space', () => {
  for (const token of ['-12.5e+3', 'true', 'null']) {
    for (const after of [',', ']', '}', ' ', '\n', '"', ''])
      expect(scalarEnd(Buffer.from(token + after), 0)).toBe(token.length)
  }
})
