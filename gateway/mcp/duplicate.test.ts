import { expect, test } from 'vitest'
import { duplicateIn } from './duplicate.ts'
import { readBody } from './message.ts'

test('the place of a name that stands twice is told', () => {
  const cases: Record<string, number | undefined> = {
    '{"a":1,"\\u0061":2}': 7,
    '{"p":{"a":[{"k":1},{"k":1,"j":{},"k":2}]}}': 33,
    '[{"k":1},{"k":1}]': undefined,
    '{"a":{"b":1},"b":1,"c":{"b":1}}': undefined,
  }
  expect(Object.keys(cases).map(text => duplicateIn(Buffer.from(text)))).toEqual(Object.values(cases))
})

test('the detail of a denial tells the place in small bodies, and only that there is one in large bodies', () => {
  const detail = (pad: string) => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"x","params":{"pad":"${pad}","arguments":{"a":1,"a":2}}}`
    const read = readBody(Buffer.from(text), { maxBytes: 1 << 20, maxValues: 100, maxDepth: 10 })
    return 'denied' in read ? read.denied.detail : undefined
  }
  expect(detail('')).toBe('a name occurs twice in an object, at byte 75')
  expect(detail('x'.repeat(20_000))).toBe('a name occurs twice in an object')
})
