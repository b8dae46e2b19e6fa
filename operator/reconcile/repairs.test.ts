import { expect, test } from 'vitest'
import { ManualClock } from '../kit/testing/manual-clock.ts'
import { Repairs } from './repairs.ts'

const minutes = (count: number): number => count * 60_000

function start() {
  const clock = new ManualClock()
  return { clock, repairs: new Repairs(clock) }
}

test('what is put in once more is removed once more, after twice as long each time', () => {
  const { clock, repairs } = start()
  const waits: number[] = []
  for (let turn = 0; turn < 12; turn++) {
    const rest = repairs.rest('a', ['env'])
    waits.push(rest)
    clock.advance(rest)
    repairs.tried('a', ['env'], [])
  }
  expect(waits.slice(0, 5)).toEqual([0, 1000, 2000, 4000, 8000])
  expect(waits.at(-1)).toBe(minutes(10))
})

test('what is there again in the answer to its own removal is let be for ten minutes, then longer, an hour at the most', () => {
  const { clock, repairs } = start()
  const waits: number[] = []
  for (let turn = 0; turn < 6; turn++) {
    const rest = repairs.rest('a', ['containers[mesh]'])
    waits.push(rest / minutes(1))
    clock.advance(rest)
    repairs.tried('a', ['containers[mesh]'], ['containers[mesh]'])
  }
  expect(waits).toEqual([0, 10, 20, 40, 60, 60])
})

test('another entry of the object, and another object, are removed at once', () => {
  const { repairs } = start()
  repairs.tried('a', ['mesh'], ['mesh'])
  expect([repairs.rest('a', ['mesh']), repairs.rest('a', ['mesh', 'evil']), repairs.rest('b', ['mesh'])]).toEqual([
    minutes(10),
    0,
    0,
  ])
})

test('an entry under a new name each time is not fought either', () => {
  const { repairs } = start()
  repairs.tried('a', ['sidecar-1'], ['sidecar-2'])
  expect(repairs.rest('a', ['sidecar-2'])).toBe(minutes(10))
})

test('an object is repaired a hundred times in ten minutes, whatever is put into it', () => {
  const { clock, repairs } = start()
  let repaired = 0
  for (let turn = 0; turn < 1000; turn++) {
    if (repairs.rest('a', [`entry-${turn}`]) > 0) continue
    repairs.tried('a', [`entry-${turn}`], [])
    repaired++
  }
  expect(repaired).toBe(100)
  clock.advance(minutes(10))
  expect(repairs.rest('a', ['entry'])).toBe(0)
})

test('an entry that stayed away long enough is as good as new, and so is a forgotten object', () => {
  const { clock, repairs } = start()
  repairs.tried('a', ['env'], [])
  repairs.tried('a', ['env'], [])
  clock.advance(minutes(11))
  repairs.tried('a', ['other'], [])
  expect(repairs.rest('a', ['env'])).toBe(0)
  repairs.forget('a')
  expect(repairs.rest('a', ['other'])).toBe(0)
})
