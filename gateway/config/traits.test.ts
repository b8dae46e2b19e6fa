import { expect, test } from 'vitest'
import * as z from 'zod'
import { fieldsOf, partOf, traits, valueAt } from './traits.ts'

const leaf = z.string().register(traits, { unset: 'none' })
const item = z.strictObject({ name: z.string() }).register(traits, { text: ({ name }) => `<${name}>` })
const fragment = z
  .strictObject({ first: leaf.optional(), second: z.int().optional() })
  .register(traits, { optIn: true })
const shape = {
  fragment: fragment.optional().describe('A fragment.'),
  items: z.array(item).optional().register(traits, { cluster: true }),
}

test('fields are found in the order of the schema, with the traits of what is around them', () => {
  const fields = fieldsOf(z.strictObject(shape))
  expect(fields.map(({ name }) => name)).toEqual(['fragment.first', 'fragment.second', 'items'])
  expect(fields.map(field => ({ ...field.traits, text: undefined }))).toEqual([
    { optIn: true, unset: 'none' },
    { optIn: true },
    { cluster: true },
  ])
})

test('a value is told as its schema says, or as it is', () => {
  const [first, second, items] = fieldsOf(z.strictObject(shape)).map(field => field.traits.text)
  expect([first!('as it is'), second!(7), items!({ name: 'x' })]).toEqual(['as it is', '7', '<x>'])
})

test('a fragment travels whole and in place, and without what the shape does not know', () => {
  const whole = { second: 1, first: 'a' }
  const part = partOf(shape, { items: [], other: 1, fragment: whole })
  expect(JSON.stringify(part)).toBe('{"fragment":{"second":1,"first":"a"},"items":[]}')
  expect(part.fragment).toBe(whole)
  expect(partOf(shape, { fragment: { first: 'a', further: 1 } })).toEqual({ fragment: { first: 'a' } })
  expect(partOf(shape, { fragment: { further: 1 } })).toEqual({})
  // Set and empty is something else than not set.
  expect(partOf(shape, { fragment: {} })).toEqual({ fragment: {} })
})

test('a value at a path is undefined where anything on the way is missing', () => {
  expect(valueAt({ a: { b: 0 } }, ['a', 'b'])).toBe(0)
  expect(valueAt({}, ['a', 'b'])).toBeUndefined()
  expect(valueAt(undefined, ['a'])).toBeUndefined()
})
