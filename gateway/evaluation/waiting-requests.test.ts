import { expect, test } from 'vitest'
import { WaitingRequests } from './waiting-requests.ts'

test('places are bounded for each owner and for all together, and are free again when their holder leaves', () => {
  const waiting = new WaitingRequests({ most: 3, mostPerOwner: 2 })
  expect([waiting.enter('a'), waiting.enter('a'), waiting.enter('a')]).toEqual([true, true, false])
  expect([waiting.enter('b'), waiting.enter('b')]).toEqual([true, false])
  waiting.leave('a')
  expect(waiting.enter('c')).toBe(true)
  expect(waiting.size).toBe(3)
  for (const owner of ['a', 'b', 'c']) waiting.leave(owner)
  expect(waiting.size).toBe(0)
})
