import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildJson } from './build.ts'
import { random } from '../../hack/fuzz/random.ts'
import { spell } from '../../hack/fuzz/spell.ts'
import { readBody } from './message.ts'

const limits = { maxBytes: 1 << 20, maxValues: 50_000, maxDepth: 64 }

test('what is built is what was spelled, in any spelling', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(), (value, seed) => {
      const text = spell(value, random(seed))
      // stringify spells -0 as 0.
      expect(isDeepStrictEqual(buildJson(text), JSON.parse(JSON.stringify(value)))).toBe(true)
    }),
    { numRuns: 3000 },
  )
})

test('numbers, literals, empty containers and __proto__ are built as JSON.parse builds them', () => {
  const text = '[ ] '
  expect(buildJson(text)).toEqual([])
  const all = '{"a":[-0,1e3,1.5E-7,true,false,null,{},[],""], "__proto__" : {"x":1},"1":2}'
  expect(isDeepStrictEqual(buildJson(all), JSON.parse(all))).toBe(true)
  expect(Object.getPrototypeOf(buildJson(all))).toBe(Object.prototype)
})

test('a name spelled with escapes is read right whatever names were read before', () => {
  const message = (params: string) => Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`)
  // Teaches V8 the name that the raw text of the second message begins with (nodejs/node#63785).
  expect(readBody(message('{"name":"allowed","\\\\u00":1}'), limits)).toHaveProperty('message')
  expect(readBody(message('{"name":"allowed","\\u006eame":"evil"}'), limits)).toMatchObject({
    denied: { code: 'AmbiguousMessage' },
  })
  expect(readBody(message('{"\\\\u00":1}'), limits)).toHaveProperty('message')
  expect(readBody(message('{"\\u006eame":"evil"}'), limits)).toMatchObject({ message: { params: { name: 'evil' } } })
})
