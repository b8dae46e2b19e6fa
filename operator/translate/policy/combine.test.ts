import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { fieldsOf, traits, type PlainCombination } from '../../../gateway/config/traits.ts'
import { combined } from './combine.ts'

const list = z.array(z.string())
const order = z.enum(['low', 'middle', 'high'])

/** What comes of one field that some objects set: the value, and who has a part in it. */
function held(combine: PlainCombination, schema: z.ZodType, values: readonly unknown[]): unknown {
  const fields = fieldsOf(z.strictObject({ field: schema.optional().register(traits, { combine }) }))
  const layers = values.map((field, at) => ({ origin: 'abc'[at] ?? '', spec: { field } }))
  const { spec, from } = combined(fields, layers)
  return [(spec as { field?: unknown }).field, from['field']]
}

describe('values of several objects', () => {
  test.each<[PlainCombination, z.ZodType, readonly unknown[], unknown]>([
    ['own', z.string(), ['x', 'y'], ['y', 'b']],
    ['own', z.string(), ['x', undefined], ['x', 'a']],
    ['floor', z.string(), ['x', 'y'], ['x', 'a']],
    ['floor', z.string(), [undefined, 'y'], ['y', 'b']],
    ['union', list, [['x', 'y'], ['y', 'z'], undefined], [['x', 'y', 'z'], 'a, b']],
    ['union', list, [[], undefined], [[], 'a']],
    ['stricter', order, ['high', 'middle', 'middle'], ['middle', 'b']],
    ['wider', order, ['low', 'high', 'high'], ['high', 'b']],
    ['smaller', z.number(), [7, 3, 3], [3, 'b']],
    [
      'within',
      list,
      [
        ['10.0.0.0/8', 'x'],
        ['10.1.0.0/16', 'x', 'y', '11.0.0.0/8'],
      ],
      [['10.1.0.0/16', 'x'], 'a, b'],
    ],
    ['within', list, [undefined, ['y']], [['y'], 'b']],
    ['intersection', list, [['10.0.0.0/8'], ['10.1.0.0/16', '0.0.0.0/0']], [['10.0.0.0/8', '10.1.0.0/16'], 'a, b']],
    [
      'exceptions',
      list,
      [
        ['y', 'x'],
        ['x', 'z', 'y'],
      ],
      [['x', 'y'], 'a, b'],
    ],
    ['exceptions', list, [['x'], ['y']], [undefined, 'a, b']],
    ['exceptions', list, [['x'], undefined], [undefined, 'a']],
  ])('combine by %s', (combine, schema, values, expected) => {
    expect(held(combine, schema, values)).toEqual(expected)
  })

  test('have no origin where no object sets the field', () => {
    expect(held('union', list, [undefined, undefined])).toEqual([undefined, undefined])
  })

  test('of all fields become one object, in the order of the schema', () => {
    const part = z.strictObject({ b: z.number().register(traits, { combine: 'smaller' }), a: list.optional() })
    const fields = fieldsOf(
      z.strictObject({ z: part.optional(), c: list.optional().register(traits, { combine: 'union' }) }),
    ).filter(({ traits: { combine } }) => combine !== undefined)
    const { spec, from } = combined(fields, [
      { origin: 'x', spec: { c: ['1'], z: { b: 2 } } },
      { origin: 'y', spec: { z: { b: 1 } } },
    ])
    expect(JSON.stringify(spec)).toBe('{"z":{"b":1},"c":["1"]}')
    expect(from).toEqual({ 'z.b': 'y', c: 'x' })
  })
})
