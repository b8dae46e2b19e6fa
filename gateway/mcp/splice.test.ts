import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { random } from '../../hack/fuzz/random.ts'
import { spell } from '../../hack/fuzz/spell.ts'
import { eachString, member, root } from './spans.ts'
import type { Span } from './spans.ts'
import { removeElements, replaceSpan, setMember, splice } from './splice.ts'
import type { Edit } from './splice.ts'

const seeds = fc.nat()
const spelled = (value: unknown, seed: number): Buffer => Buffer.from(spell(value, random(seed)))
const read = (bytes: Buffer): unknown => JSON.parse(bytes.toString())
const at = (bytes: Buffer, path: string[]): Span => member(bytes, path) as Span
const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))

test('no edits give the very same buffer', () => {
  const bytes = Buffer.from('{}')
  expect(splice(bytes, [])).toBe(bytes)
})

test('replacing every string by itself changes no byte of any document', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), seeds, (value, seed) => {
      const bytes = spelled(value, seed)
      const edits: Edit[] = []
      eachString(bytes, root(bytes), (_text, span) =>
        edits.push(replaceSpan(span, bytes.toString('utf8', span.start, span.end))),
      )
      expect(splice(bytes, edits).equals(bytes)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('replacing some strings changes those and nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), seeds, (value, seed) => {
      const bytes = spelled(value, seed)
      const r = random(seed)
      const edits: Edit[] = []
      const wanted: string[] = []
      eachString(bytes, root(bytes), (text, span, _path, isName) => {
        const replaced = !isName && r.oneIn(2)
        if (replaced) edits.push(replaceSpan(span, '"[redacted]"'))
        wanted.push(replaced ? '[redacted]' : text)
      })
      const seen: string[] = []
      const after = splice(bytes, edits)
      eachString(after, root(after), text => seen.push(text))
      expect(seen).toEqual(wanted)
      expect(() => read(after)).not.toThrow()
    }),
    { numRuns: 1000 },
  )
})

test('removing elements is filtering', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 8 }), fc.nat(255), seeds, (list, mask, seed) => {
      const bytes = spelled({ a: 1, list, z: [2] }, seed)
      const keep = (index: number) => ((mask >> index) & 1) === 1
      const after = read(splice(bytes, removeElements(bytes, at(bytes, ['list']), keep)))
      expect(after).toEqual(JSON.parse(JSON.stringify({ a: 1, list: list.filter((_, index) => keep(index)), z: [2] })))
    }),
    { numRuns: 2000 },
  )
})

test('elements that stay keep their bytes', () => {
  const bytes = Buffer.from('[ {"n":9007199254740993} ,"b" , 1.0e2 ]')
  const after = splice(
    bytes,
    removeElements(bytes, root(bytes), index => index !== 1),
  )
  expect(after.toString()).toBe('[ {"n":9007199254740993} ,1.0e2 ]')
})

test('setting a member replaces it or adds it', () => {
  fc.assert(
    fc.property(objects, fc.string(), fc.jsonValue({ maxDepth: 1 }), seeds, (object, other, value, seed) => {
      const bytes = spelled(object, seed)
      const names = [...Object.keys(object), other]
      const name = names[seed % names.length] as string
      const after = read(splice(bytes, [setMember(bytes, root(bytes), name, JSON.stringify(value))]))
      const wanted = new Map(Object.entries(read(bytes) as object)).set(name, JSON.parse(JSON.stringify(value)))
      expect(new Map(Object.entries(after as object))).toEqual(wanted)
    }),
    { numRuns: 2000 },
  )
})

test('a member is only set on an object', () => {
  const bytes = Buffer.from('[]')
  expect(() => setMember(bytes, root(bytes), 'a', '1')).toThrow(TypeError)
})

test('edits that overlap, are not sorted or reach beyond the bytes are refused', () => {
  const bytes = Buffer.from('0123456789')
  const edit = (start: number, end: number): Edit => ({ start, end, bytes: Buffer.from('x') })
  for (const edits of [[edit(2, 5), edit(4, 6)], [edit(5, 6), edit(1, 2)], [edit(5, 4)], [edit(9, 11)]]) {
    expect(() => splice(bytes, edits)).toThrow(RangeError)
  }
  expect(splice(bytes, [edit(0, 0), edit(2, 5), edit(5, 5), edit(10, 10)]).toString()).toBe('x01xx56789x')
})
