import { expect, test } from 'vitest'
import { compareQuantities } from './quantity.ts'

test.each([
  ['500m', '0.5', 0],
  ['1', 1, 0],
  ['1000m', 1, 0],
  ['1Gi', '1024Mi', 0],
  ['1Ki', '1k', 1],
  ['100m', '0.2', -1],
  ['256Mi', 268_435_456, 0],
  ['0.001', '1m', 0],
  ['9999999999999999Ti', '9999999999999998Ti', 1],
] as const)('%s compared with %s is %i', (left, right, order) => {
  expect(compareQuantities(left, right)).toBe(order)
  expect(compareQuantities(right, left)).toBe(-order + 0)
})
