import { expect, test } from 'vitest'
import { medianInterval, spread } from './statistics.ts'

test('the median of five repeats is the third, whatever their order', () => {
  expect(spread([9, 1, 5, 100, 4])).toEqual({ median: 5, least: 1, most: 100 })
})

test('the median of an even number lies between the middle two', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4 })
})

test('nothing measured gives no figure', () => {
  expect(() => spread([])).toThrow('no values')
})

/** The numbers from 1 to the given one, in an order that is not theirs. */
const shuffled = (count: number): number[] => Array.from({ length: count }, (_, at) => ((at * 7) % count) + 1)

// The ranks stand in every table of the interval, for example Conover's.
test.each([
  [6, 1, 6, 0.969],
  [10, 2, 9, 0.979],
  [15, 4, 12, 0.965],
  [17, 5, 13, 0.951],
  [20, 6, 15, 0.959],
  [30, 10, 21, 0.957],
])('of %i values the median lies between the ones of rank %i and %i', (count, low, high, coverage) => {
  const found = medianInterval(shuffled(count))
  expect(found).toMatchObject({ low, high })
  expect(found.coverage).toBeCloseTo(coverage, 3)
})

test('one value that stands apart does not move the interval to it', () => {
  expect(medianInterval([...Array.from({ length: 14 }, () => 1), 100])).toMatchObject({ low: 1, high: 1 })
})

test('five values give no interval', () => {
  expect(() => medianInterval([1, 2, 3, 4, 5])).toThrow('5 values give no interval of 95 %')
})
