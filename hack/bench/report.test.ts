import { expect, test } from 'vitest'
import { budgets, holds, type Measured } from './budgets.ts'
import { report, type Environment } from './report.ts'
import { pool, ratio, type Repeat, type Sample } from './rows.ts'

const sample = (cpu?: number): Sample => ({
  calls: 10_000,
  errors: 0,
  seconds: 1,
  p50: 100,
  p99: 900,
  ...(cpu === undefined ? {} : { cpu }),
})
const repeat = (nginx: number, bartizan: number): Repeat => ({
  direct: sample(),
  nginx: sample(nginx),
  bartizan: sample(bartizan),
})

const environment: Environment = {
  date: '2026-01-01',
  commit: 'abc1234',
  cpu: 'a processor',
  cores: 2,
  kernel: '6.1',
  node: 'v24.0.0',
  programs: ['nginx/1.22.1'],
  flags: ['--max-old-space-size=153'],
  repeats: 3,
  seconds: 5,
}

function measured(...repeats: Repeat[]): Measured {
  const afterLoad = { anonymous: 40, resident: 80 }
  return {
    rows: [{ tool: 'small', connections: 16, rate: 'all', repeats }],
    afterLoad,
    starts: [],
    idleCpu: [],
    streams: [],
    stalls: [0.004, 0.021],
  }
}

test('the ratio is the median of the ratios of each repeat, not of medians over different repeats', () => {
  const figures = measured(repeat(10, 60), repeat(40, 200), repeat(20, 160))
  const first = budgets(figures).find(({ unit }) => unit === '×')
  expect(first?.measured).toEqual({ median: 6, least: 5, most: 8 })
})

test('a budget holds up to its limit and not beyond', () => {
  const judged = (median: number, bound: 'most' | 'least'): boolean | undefined =>
    holds({ what: 'x', limit: 7, unit: '×', bound, measured: { median, least: median, most: median } })
  expect([judged(7, 'most'), judged(7.01, 'most'), judged(7, 'least'), judged(6.99, 'least')]).toEqual([
    true,
    false,
    true,
    false,
  ])
})

test('a missed budget is named as missed, one that was not measured as not measured', () => {
  const page = report(environment, measured(repeat(20, 150)))
  expect(page).toContain('| ≤ 7 × | 7.50 | 7.50 to 7.50 | **missed** |')
  expect(page).toMatch(
    /^Missed: small call, 16 connections: CPU per call, × nginx\. Not measured in this run: .*idle: anonymous memory/m,
  )
  expect(page).toContain('| idle: anonymous memory | ≤ 30 MiB | not measured |')
})

test('the ratio of a repeat without CPU time is an error and not a number', () => {
  expect(() => ratio({ ...repeat(1, 2), nginx: sample() })).toThrow('no CPU time')
})

test('turns are pooled by their calls: a slow turn with few calls weighs little', () => {
  const fast = { calls: 900, errors: 0, seconds: 1, p50: 100, p99: 1000, cpu: 100, busy: 0.09 }
  const slow = { ...fast, calls: 100, p50: 600, p99: 6000, cpu: 200, busy: 0.02 }
  const { busy, ...pooled } = pool([fast, slow])
  expect(pooled).toEqual({ calls: 1000, errors: 0, seconds: 2, p50: 150, p99: 1500, cpu: 110 })
  expect(busy).toBeCloseTo(0.055)
})

test('how still the machine stood is on the page', () => {
  expect(report(environment, measured(repeat(20, 100)))).toContain('in 0.4 % before the loads and 2.1 % after them')
})
