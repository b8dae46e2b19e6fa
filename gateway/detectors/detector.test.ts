import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { mint } from '../../hack/minted.ts'
import { type Hit, merged, Merging } from './detector.ts'
import { keywords } from './keywords.ts'
import { secrets } from './secrets.ts'

const hit = fc.record({ start: fc.nat(40), units: fc.integer({ min: 1, max: 8 }) }).map(({ start, units }): Hit => ({
  start,
  end: start + units,
  rule: `${start} to ${start + units}`,
  replacement: '',
}))

test('hits that are joined as they come in are those that are joined afterwards', () => {
  fc.assert(
    fc.property(fc.array(hit, { maxLength: 20 }), hits => {
      const ordered = hits.toSorted((a, b) => a.end - b.end)
      const merging = new Merging()
      for (const one of ordered) merging.add(one)
      expect(merging.hits).toEqual(merged(ordered))
    }),
  )
})

test('a text of nothing but one term inside another holds one hit', () => {
  const merging = new Merging()
  for (let end = 2; end < 10_000; end++) merging.add({ start: end - 2, end, rule: 'keyword 1', replacement: '' })
  expect(merging.hits).toHaveLength(1)
})

const turnsOf = (steps: Iterable<undefined>): number => [...steps].length

test('others get turns in a window that is full of hits', () => {
  const dense = 'key '.repeat(16_384)
  expect(turnsOf(keywords({ words: ['key'] }).findInSteps!(dense))).toBeGreaterThan(8)
  const assigned = `password=${mint('password')} `
  expect(turnsOf(secrets({}).findInSteps!(assigned.repeat(1200)))).toBeGreaterThan(3)
})

test('a text gives the same hits in steps as at once', () => {
  const text = `key password=${mint('password')} a key, `.repeat(400)
  for (const detector of [keywords({ words: ['key', 'a key'] }), secrets({})]) {
    const steps = detector.findInSteps!(text)
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    expect(step.value).toEqual(detector.find(text))
  }
})
