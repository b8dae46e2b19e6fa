import { expect, test } from 'vitest'
import { figures, missed, verdict, type Compared } from './verdict.ts'

/** Fifteen pairs whose ratios lie one thousandth apart around the given one: the interval is four thousandths wide to either side. */
const around = (ratio: number): { new: number; old: number }[] =>
  Array.from({ length: 15 }, (_, at) => ({ new: (ratio + (at - 7) / 1000) * 100, old: 100 }))

const compared = (small: number, events: number, memory = 25): Compared => ({
  pairs: new Map([
    ['small', around(small)],
    ['events', around(events)],
  ]),
  memory: { new: [memory - 0.1, memory, memory + 9], old: [24.5, 24.8, 24.9] },
})

test('the figures name medians, interval and the growth of idle memory', () => {
  expect(figures(compared(1.02, 0.9))).toEqual([
    'small: CPU per call new 102.0 µs, old 100.0 µs; median of the paired ratios 1.020, interval 1.016 to 1.024 (96.5 %, 15 pairs)',
    'events: CPU per call new 90.0 µs, old 100.0 µs; median of the paired ratios 0.900, interval 0.896 to 0.904 (96.5 %, 15 pairs)',
    'idle: anonymous memory new 25.00 (24.90 to 34.00) MiB, old 24.80 (24.50 to 24.90) MiB, 3 starts each; difference of the medians +0.20 MiB',
  ])
  expect(figures(compared(1, 1, 24)).at(-1)).toContain('difference of the medians -0.80 MiB')
})

test('a ratio is taken of each pair, so that a slow second of the machine does not count', () => {
  const slow = around(1).map((pair, at) => (at % 2 ? { new: pair.new * 3, old: pair.old * 3 } : pair))
  const all = { ...compared(1, 1), pairs: new Map([['small' as const, slow]]) }
  expect(figures(all)[0]).toContain('interval 0.996 to 1.004')
})

test('the lower end of the interval decides, not the median', () => {
  expect(missed(compared(1.103, 1), { limit: 1.1 })).toEqual([])
  expect(missed(compared(1, 1.105), { limit: 1.1 })).toEqual([
    'events: a call takes at least 1.101 times the CPU time, the limit is 1.10',
  ])
})

test('idle memory is judged where a limit is given', () => {
  expect(missed(compared(1, 1, 26), { limit: 1.1 })).toEqual([])
  expect(missed(compared(1, 1, 26), { limit: 1.1, memoryLimit: 0.5 })).toEqual([
    'idle: 1.20 MiB are added, the limit is 0.5 MiB',
  ])
})

test('the verdict says in words what was kept or missed', () => {
  const limits = { limit: 1.05, memoryLimit: 0.5 }
  expect(verdict(compared(1, 1), limits)).toBe(
    'Passed: the lower end of every interval is at most 1.05, and idle memory grows by at most 0.5 MiB.',
  )
  expect(verdict(compared(1.2, 1, 26), limits)).toBe(
    'Missed: small: a call takes at least 1.196 times the CPU time, the limit is 1.05; idle: 1.20 MiB are added, the limit is 0.5 MiB.',
  )
})
