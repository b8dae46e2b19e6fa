import { expect, test } from 'vitest'
import { HeldBytes, type Waiting } from './memory.ts'

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

/** A caller whose answers of the largest size are not read, as many as they may have. */
function deaf(held: HeldBytes, caller: string): Waiting[] {
  const share = { server: 'one', alone: true, caller }
  const all: Waiting[] = []
  while (held.takeAnswer(share, largest)) {
    const one: Waiting = { share, since: 0, giveWay: () => held.giveAnswer(share, largest) }
    all.push(one)
    held.waits(one)
  }
  return all
}

test('however many callers do not read, the largest answer of one who does has room: whoever has the most gives way', () => {
  let now = 0
  const held = new HeldBytes(38 * megabyte, () => now)
  const owner = { server: 'one', alone: true, caller: 'honest' }
  for (let at = 0; at < 6; at += 1) deaf(held, `deaf-${at}`)
  expect(held.takeAnswer(owner, largest)).toBe(false)
  now = 3_000
  for (let at = 0; at < 20; at += 1) {
    expect(held.takeAnswer(owner, largest)).toBe(true)
    held.giveAnswer(owner, largest)
  }
})

test('nothing gives way to whoever has more already, and nothing that waits for no client', () => {
  let now = 0
  const held = new HeldBytes(38 * megabyte, () => now)
  const [first] = deaf(held, 'small')
  const greedy = { server: 'one', alone: true, caller: 'greedy' }
  held.settled(first!)
  now = 3_000
  while (held.takeAnswer(greedy, megabyte));
  expect(held.takeAnswer(greedy, megabyte)).toBe(false)
  held.waits({ ...first!, since: Infinity })
  expect(held.takeAnswer({ ...greedy, caller: 'third' }, 16 * megabyte)).toBe(false)
})

test('requests that are not sent to their end give way to others', () => {
  let now = 0
  const held = new HeldBytes(16 * megabyte, () => now)
  for (const share of ['a', 'b', 'c', 'd']) {
    held.take(share, 4 * megabyte)
    held.waits({ share, since: 0, giveWay: () => held.give(share, 4 * megabyte) })
  }
  expect(held.take('e', megabyte)).toBe(false)
  now = 3_000
  expect(held.take('e', 4 * megabyte)).toBe(true)
})
