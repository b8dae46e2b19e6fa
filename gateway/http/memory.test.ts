import { expect, test } from 'vitest'
import { HeldBytes } from './memory.ts'

const megabyte = 1024 * 1024
const largest = 4 * megabyte

/** Takes answers of the largest size until there is no room for another. */
function fill(held: HeldBytes, caller: string, server = 'one', alone = true): number {
  let count = 0
  while (held.takeAnswer({ server, alone, caller }, largest)) count += 1
  return count
}

test('whoever holds all the answers they may leave room for the largest answer of another, and these of a third', () => {
  const held = new HeldBytes(41 * megabyte)
  expect(fill(held, 'greedy')).toBe(5)
  expect(fill(held, 'other')).toBe(2)
  expect(fill(held, 'third')).toBe(1)
})

test('a server whose answers are not read leaves room for the others', () => {
  const held = new HeldBytes(64 * megabyte)
  for (const caller of ['a', 'b', 'c', 'd']) fill(held, caller, 'one', false)
  expect(held.held).toBeLessThanOrEqual(32 * megabyte)
  expect(fill(held, 'a', 'two', false)).toBeGreaterThan(0)
})

test('what is given back can be taken again, and nothing is left of whoever holds nothing', () => {
  const held = new HeldBytes(41 * megabyte)
  const owner = { server: 'one', alone: true, caller: 'greedy' }
  const count = fill(held, 'greedy')
  for (let at = 0; at < count; at += 1) held.giveAnswer(owner, largest)
  expect(held.held).toBe(0)
  expect(fill(held, 'greedy')).toBe(count)
})

test('requests and answers together stay below the limit', () => {
  const held = new HeldBytes(16 * megabyte)
  for (const caller of ['a', 'b', 'c', 'd']) expect(held.take(caller, 4 * megabyte)).toBe(true)
  expect(held.take('e', 1)).toBe(false)
  expect(held.takeAnswer({ server: 'one', alone: true, caller: 'e' }, 1)).toBe(false)
})
