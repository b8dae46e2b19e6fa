import type { Start, Streams } from './footprint.ts'
import type { Memory } from './process.ts'
import { ratio, type Repeat, type Row } from './rows.ts'
import { spread, type Spread } from './statistics.ts'

/** Everything that one run has measured. */
export type Measured = {
  readonly rows: readonly Row[]
  readonly starts: readonly Start[]
  readonly idleCpu: readonly number[]
  readonly afterLoad: Memory
  readonly streams: readonly Streams[]
  /** Shares of the time in which the machine itself stood nearly still, measured before the loads and after them. */
  readonly stalls: readonly number[]
}

/** A line of the budget with the figure that was measured for it. */
export type Budget = {
  readonly what: string
  readonly limit: number
  readonly unit: string
  /** `most`: the median must not be above the limit. `least`: not below. */
  readonly bound: 'most' | 'least'
  /** Missing when this run has not measured it. */
  readonly measured?: Spread
}

/** The budget of a silent stream is for so many at once: with few of them the heap's first growth, which all share, hides what each costs. */
export const manyStreams = 10_000

/** The project's budgets for the gateway, each with what this run says about it. */
export function budgets({ rows, starts, idleCpu, streams }: Measured): readonly Budget[] {
  const at16 = repeatsOf(rows, 16, 'all')
  const at1 = repeatsOf(rows, 1, 'all')
  const half = repeatsOf(rows, 16, 'half')
  const many = streams.find(({ asked }) => asked >= manyStreams)
  const most = (what: string, limit: number, unit: string, values: readonly number[]): Budget => {
    return { what, limit, unit, bound: 'most', ...measured(values) }
  }
  return [
    most('small call, 16 connections: CPU per call, × nginx', 7, '×', at16.map(ratio)),
    most(
      'small call, 16 connections: CPU per call',
      160,
      'µs',
      at16.map(repeat => repeat.bartizan.cpu ?? Number.NaN),
    ),
    {
      what: 'small call, 16 connections: calls per second of one core',
      limit: 6000,
      unit: '/s',
      bound: 'least',
      ...measured(at16.map(({ bartizan }) => bartizan.calls / bartizan.seconds)),
    },
    most(
      'small call, 1 connection: p50 added to direct',
      300,
      'µs',
      at1.map(repeat => repeat.bartizan.p50 - repeat.direct.p50),
    ),
    most(
      'small call, half load: p99',
      1000,
      'µs',
      half.map(repeat => repeat.bartizan.p99),
    ),
    most(
      'small call, half load: p99 added to direct',
      1000,
      'µs',
      half.map(repeat => repeat.bartizan.p99 - repeat.direct.p99),
    ),
    most(
      'idle: anonymous memory',
      30,
      'MiB',
      starts.map(({ memory }) => memory.anonymous),
    ),
    most(
      'idle: resident memory',
      72,
      'MiB',
      starts.map(({ memory }) => memory.resident),
    ),
    most('idle: CPU, thousandths of a core', 1, 'm', idleCpu),
    most(
      'start to first answered call',
      400,
      'ms',
      starts.map(({ ready }) => ready),
    ),
    most(
      `${(many?.open ?? manyStreams).toLocaleString('en')} silent streams in a gateway of 1 GiB: memory of each`,
      45,
      'KiB',
      many === undefined ? [] : [many.each],
    ),
  ]
}

/** Whether a budget holds; nothing when it was not measured. */
export function holds({ bound, limit, measured }: Budget): boolean | undefined {
  if (measured === undefined) return undefined
  return bound === 'most' ? measured.median <= limit : measured.median >= limit
}

function repeatsOf(rows: readonly Row[], connections: number, rate: Row['rate']): readonly Repeat[] {
  return rows.find(row => row.tool === 'small' && row.connections === connections && row.rate === rate)?.repeats ?? []
}

function measured(values: readonly number[]): { measured?: Spread } {
  return values.length === 0 ? {} : { measured: spread(values) }
}
