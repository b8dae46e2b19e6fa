import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { random } from '../../hack/fuzz/random.ts'
import { spell } from '../../hack/fuzz/spell.ts'
import { eachString, elements, member, members, root, textOf } from './spans.ts'
import type { Span } from './spans.ts'
import { openBrace, openBracket } from './tokens.ts'

/** Any JSON document in any spelling. */
const documents = fc.tuple(fc.jsonValue({ maxDepth: 5 }), fc.nat()).map(([value, seed]) => {
  const text = `${seed % 3 === 0 ? ' \n' : ''}${spell(value, random(seed))}`
  return { bytes: Buffer.from(text), value: JSON.parse(text) as unknown }
})

const parsed = (bytes: Buffer, span: Span): unknown => JSON.parse(bytes.toString('utf8', span.start, span.end))

type Found = readonly [text: string, path: string, isName: boolean]

function stringsOf(value: unknown, path: (string | number)[] = []): Found[] {
  if (typeof value === 'string') return [[value, JSON.stringify(path), false]]
  if (Array.isArray(value)) return value.flatMap((item, index) => stringsOf(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = [...path, name]
    return [[name, JSON.stringify(at), true] as const, ...stringsOf(inner, at)]
  })
}

const sorted = (found: readonly Found[]) => found.map(one => JSON.stringify(one)).toSorted()

test('every string and every name of any document is visited once, decoded, with its path and its bytes', () => {
  fc.assert(
    fc.property(documents, ({ bytes, value }) => {
      const found: Found[] = []
      eachString(bytes, root(bytes), (text, span, path, isName) => {
        expect(parsed(bytes, span)).toBe(text)
        found.push([text, JSON.stringify(path), isName])
      })
      // JSON.parse moves names that look like indices to the front, hence sorted.
      expect(sorted(found)).toEqual(sorted(stringsOf(value)))
    }),
    { numRuns: 2000 },
  )
})

test('members and elements cut any document where JSON.parse does', () => {
  const rebuilt = (bytes: Buffer, span: Span): unknown => {
    const first = bytes[span.start]
    if (first === openBracket) return elements(bytes, span).map(inner => rebuilt(bytes, inner))
    if (first !== openBrace) return parsed(bytes, span)
    const all = [...members(bytes, span)]
    return Object.fromEntries(all.map(({ nameSpan, value }) => [textOf(bytes, nameSpan), rebuilt(bytes, value)]))
  }
  fc.assert(
    fc.property(documents, ({ bytes, value }) => {
      expect(isDeepStrictEqual(rebuilt(bytes, root(bytes)), value)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('a path leads to a value by decoded names', () => {
  const bytes = Buffer.from('{"a" : {"\\u0062": [1, {"c":2}], "d":{}} }')
  const span = member(bytes, ['a', 'b'])
  expect(span && bytes.toString('utf8', span.start, span.end)).toBe('[1, {"c":2}]')
  expect(member(bytes, [])).toEqual({ start: 0, end: bytes.length })
})

test('a path that leads nowhere leads to nothing', () => {
  const bytes = Buffer.from('{"a":{"b":"c"},"d":[]}')
  for (const path of [['x'], ['a', 'x'], ['a', 'b', 'c'], ['d', '0'], ['constructor']])
    expect(member(bytes, path)).toBeUndefined()
})

test('what is no object has no members and what is no array no elements', () => {
  const bytes = Buffer.from('"{}"')
  expect([...members(bytes, root(bytes))]).toEqual([])
  expect(elements(bytes, root(bytes))).toEqual([])
})
