import { expect, test } from 'vitest'
import type { Applier } from './applier.ts'
import { Book } from './plan-store.ts'
import { ManualClock } from '../kit/testing/manual-clock.ts'
import type { Sources } from '../cache/snapshot.ts'

function emptyBook() {
  const clock = new ManualClock()
  const sources = { caches: { own: { MCPServer: { store: { list: () => [] } } } } } as unknown as Sources
  const book = new Book(sources, {} as Applier, clock)
  book.sync('a')
  return { book, clock }
}

test('a namespace whose keys are being brought into force rests, and another does not', () => {
  const { book, clock } = emptyBook()
  book.sync('b')
  book.hold('a', 2000)
  expect([book.rest('a'), book.rest('b')]).toEqual([2000, 0])
  clock.advance(2000)
  expect(book.rest('a')).toBe(0)
})

test('keys that change all the time keep a namespace waiting for five seconds, again and again, and not for ever', () => {
  const { book, clock } = emptyBook()
  const turns: number[] = []
  for (let time = 0; time <= 16_000; time += 500) {
    book.hold('a', 2000)
    if (book.rest('a') === 0) turns.push(time)
    clock.advance(500)
  }
  expect(turns).toEqual([5000, 10_500, 16_000])
})
