import { describe, expect, test } from 'vitest'
import type { Steps } from '../exchange.ts'
import { runInTurns, Turns } from './turns.ts'

/** Rounds of an event loop that go on only when they are told to, and who took a step in each. */
function loop() {
  const planned: (() => void)[] = []
  const turns = new Turns(act => planned.push(act))
  const taken: string[] = []
  const done: string[] = []
  function* steps(name: string, count: number): Steps<{ name: string }> {
    for (let step = 0; step < count; step++) {
      taken.push(name)
      yield
    }
    return { name }
  }
  return {
    turns,
    taken,
    done,
    judge: (owner: string, name: string, count: number, isWanted?: () => boolean): void =>
      runInTurns(
        steps(name, count),
        { owner, turns, ...(isWanted && { isWanted }) },
        value => done.push(value.name),
        error => done.push(String(error)),
      ),
    /** One round: what was planned before it began. */
    round: (): void => {
      for (const act of planned.splice(0)) act()
    },
    planned: (): number => planned.length,
  }
}

describe('judgements in steps', () => {
  test('one step is taken in each round, however many judgements one owner has', () => {
    const { judge, round, taken } = loop()
    for (let call = 0; call < 25; call++) judge('ada', `ada ${call}`, 100)
    for (let count = 1; count < 60; count++) {
      const before = taken.length
      round()
      expect(taken.length - before).toBeLessThanOrEqual(1)
    }
  })

  test('a call of another owner waits for one step of each owner between its own, not for each of their calls', () => {
    const { judge, round, done } = loop()
    for (let call = 0; call < 25; call++) judge('ada', `ada ${call}`, 1000)
    judge('bob', 'bob', 3)
    let rounds = 0
    while (done.length === 0 && rounds < 1000) {
      round()
      rounds++
    }
    expect(done).toEqual(['bob'])
    expect(rounds).toBeLessThanOrEqual(8)
  })

  test('judgements of one owner take turns among themselves', () => {
    const { judge, round, done } = loop()
    judge('ada', 'long', 1000)
    judge('ada', 'short', 2)
    for (let count = 0; count < 10; count++) round()
    expect(done).toEqual(['short'])
  })

  test('the first step is taken at once, unless the owner has others that wait', () => {
    const { judge, taken, done } = loop()
    judge('ada', 'none', 0)
    expect(done).toEqual(['none'])
    judge('ada', 'first', 5)
    judge('ada', 'second', 5)
    judge('ada', 'again none', 0)
    expect(taken).toEqual(['first'])
    expect(done).toEqual(['none'])
  })

  test('what is no longer wanted takes no step more and is forgotten', () => {
    const { judge, round, taken, done, turns, planned } = loop()
    let isOver = false
    for (let call = 0; call < 5; call++) judge('ada', 'ada', 100, () => !isOver)
    isOver = true
    const before = taken.length
    round()
    expect({ steps: taken.length - before, done, waiting: turns.waiting }).toEqual({ steps: 0, done: [], waiting: 0 })
    round()
    expect(planned()).toBe(0)
  })

  test('an error in a later step goes to whoever hears of failures, and the others go on', () => {
    const { turns, judge, round, done } = loop()
    function* broken(): Steps<object> {
      yield
      throw new Error('broken')
    }
    runInTurns(
      broken(),
      { owner: 'ada', turns },
      () => undefined,
      error => done.push(String(error)),
    )
    judge('bob', 'bob', 2)
    for (let count = 0; count < 5; count++) round()
    expect(done).toEqual(['Error: broken', 'bob'])
  })
})
