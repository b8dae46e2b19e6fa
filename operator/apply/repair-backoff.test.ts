import { expect, test } from 'vitest'
import { ManualClock } from '../../hack/testing/manual-clock.ts'
import { RepairBackoff } from './repair-backoff.ts'

const minutes = (count: number): number => count * 60_000

function start() {
  const clock = new ManualClock()
  return { clock, repairs: new RepairBackoff(clock) }
}

test('what is put in once more is removed once more, after twice as long each time', () => {
  const { clock, repairs } = start()
  const waits: number[] = []
  for (let turn = 0; turn < 12; turn++) {
    const rest = repairs.delay('a', ['env'])
    waits.push(rest)
    clock.advance(rest)
    repairs.record('a', ['env'], [])
  }
  expect(waits.slice(0, 5)).toEqual([0, 1000, 2000, 4000, 8000])
  expect(waits.at(-1)).toBe(minutes(10))
})

test('what is there again in the answer to its own removal is let be for ten minutes, then longer, an hour at the most', () => {
  const { clock, repairs } = start()
  const waits: number[] = []
  for (let turn = 0; turn < 6; turn++) {
    const rest = repairs.delay('a', ['containers[mesh]'])
    waits.push(rest / minutes(1))
    clock.advance(rest)
    repairs.record('a', ['containers[mesh]'], ['containers[mesh]'])
  }
  expect(waits).toEqual([0, 10, 20, 40, 60, 60])
})

test('another entry of the object, and another object, are removed at once', () => {
  const { repairs } = start()
  repairs.record('a', ['mesh'], ['mesh'])
  expect([repairs.delay('a', ['mesh']), repairs.delay('a', ['mesh', 'evil']), repairs.delay('b', ['mesh'])]).toEqual([
    minutes(10),
    0,
    0,
  ])
})

test('an entry under a new name each time is not fought either', () => {
  const { repairs } = start()
  repairs.record('a', ['sidecar-1'], ['sidecar-2'])
  expect(repairs.delay('a', ['sidecar-2'])).toBe(minutes(10))
})

test('an object is repaired a hundred times in ten minutes, whatever is put into it', () => {
  const { clock, repairs } = start()
  let repaired = 0
  for (let turn = 0; turn < 1000; turn++) {
    if (repairs.delay('a', [`entry-${turn}`]) > 0) continue
    repairs.record('a', [`entry-${turn}`], [])
    repaired++
  }
  expect(repaired).toBe(100)
  clock.advance(minutes(10))
  expect(repairs.delay('a', ['entry'])).toBe(0)
})

test('an entry that stayed away long enough is as good as new, and so is a forgotten object', () => {
  const { clock, repairs } = start()
  repairs.record('a', ['env'], [])
  repairs.record('a', ['env'], [])
  clock.advance(minutes(11))
  repairs.record('a', ['other'], [])
  expect(repairs.delay('a', ['env'])).toBe(0)
  repairs.forget('a')
  expect(repairs.delay('a', ['other'])).toBe(0)
})
