import { describe, expect, test, vi } from 'vitest'
import { latest, perName, perObject, sameFields, sameText } from './memo.ts'

describe('a step that remembers for each object', () => {
  type Step = (object: { readonly name: string }, ...more: readonly unknown[]) => unknown
  const counted = () => vi.fn<Step>((object, ...more) => [object.name, more])

  test('does the work once for the same inputs, and gives back the very same value', () => {
    const step = counted()
    const [remembered, object, part] = [perObject(step), { name: 'a' }, {}]
    expect(remembered(object, 1, [part])).toBe(remembered(object, 1, [part]))
    expect(step).toHaveBeenCalledTimes(1)
  })

  test.each<[string, readonly unknown[], readonly unknown[]]>([
    ['another value', [1], [2]],
    ['another object that says the same', [{}], [{}]],
    ['a list with another item', [[1]], [[2]]],
    ['a longer list', [[1]], [[1, 2]]],
    ['a list of equal lists', [[[1]]], [[[1]]]],
    ['one input less', [1, undefined], [1]],
  ])('does it again for %s', (_, before, after) => {
    const step = counted()
    const [remembered, object] = [perObject(step), { name: 'a' }]
    remembered(object, ...before)
    expect(remembered(object, ...after)).toEqual(['a', after])
    expect(step).toHaveBeenCalledTimes(2)
  })

  test('keeps objects apart, and remembers nothing for what is no object', () => {
    const remembered = perObject((key: unknown) => ({ key }))
    const [one, other] = [{ name: 'a' }, { name: 'a' }]
    expect(remembered(one)).not.toBe(remembered(other))
    expect(remembered('a')).not.toBe(remembered('a'))
    expect(remembered(null)).toEqual({ key: null })
  })
})

describe('a step that remembers its last inputs', () => {
  test.each<[string, object, object, boolean]>([
    ['the same fields', { a: 1, b: [2] }, { b: [2], a: 1 }, true],
    ['another field', { a: 1 }, { a: 2 }, false],
    ['a field more', { a: 1 }, { a: 1, b: undefined }, false],
    ['another field without a value', { a: undefined }, { b: undefined }, false],
    ['a record that says the same', { a: {} }, { a: {} }, false],
  ])('knows %s', (_, before, after, isKnown) => {
    const remembered = latest((inputs: object) => ({ ...inputs }))
    const output = remembered(before)
    expect(remembered(after) === output).toBe(isKnown)
    expect(remembered(after)).toEqual(after)
  })

  test('that have the same text or the same fields gives back the first of them', () => {
    const [text, fields] = [sameText<object>(JSON.stringify), sameFields<object>()]
    const one = { a: { b: 1 } }
    expect(text(one)).toBe(one)
    expect(text({ a: { b: 1 } })).toBe(one)
    expect(text({ a: { b: 2 } })).toEqual({ a: { b: 2 } })
    const record = { a: one }
    expect(fields(record)).toBe(record)
    expect(fields({ a: one })).toBe(record)
    expect(fields({ a: { b: 1 } })).not.toBe(record)
  })
})

describe('a step for each name', () => {
  const plan = () =>
    perName(
      ({ name }: { readonly name: string; readonly value: number }) => name,
      () => latest(({ value }) => ({ value })),
    )

  test('remembers by name, in whatever order the names come', () => {
    const all = plan()
    const [a, b] = all([
      { name: 'a', value: 1 },
      { name: 'b', value: 2 },
    ])
    const [b2, a2] = all([
      { name: 'b', value: 2 },
      { name: 'a', value: 3 },
    ])
    expect(b2).toBe(b)
    expect(a2).not.toBe(a)
    expect(a2).toEqual({ value: 3 })
  })

  test('forgets the names that are gone', () => {
    const all = plan()
    const [before] = all([{ name: 'a', value: 1 }])
    all([])
    expect(all([{ name: 'a', value: 1 }])[0]).not.toBe(before)
  })
})
