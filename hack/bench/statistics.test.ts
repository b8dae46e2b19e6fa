import { expect, test } from 'vitest'
import { spread } from './statistics.ts'

test('the median of five repeats is the third, whatever their order', () => {
  expect(spread([9, 1, 5, 100, 4])).toEqual({ median: 5, least: 1, most: 100 })
})

test('the median of an even number lies between the middle two', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, least: 1, most: 4 })
})

test('nothing measured gives no figure', () => {
  expect(() => spread([])).toThrow('no values')
})
