import { cpuOf } from './process.ts'
import { load, type Answered, type Load, type Tool } from './load.ts'
import { targetNames, type Target, type TargetName } from './target.ts'

/** One target under one load. */
export type Sample = Answered & {
  /** CPU time of the proxy per answered call, in microseconds; nothing stands in between for `direct`. */
  readonly cpu?: number
  /** Share of one core that the proxy used. */
  readonly busy?: number
}

/** The three targets right after each other under the same load: only figures of one repeat are compared. */
export type Repeat = Readonly<Record<TargetName, Sample>>

export type Row = {
  readonly tool: Tool
  readonly connections: number
  readonly rate: 'all' | 'half'
  readonly repeats: Repeat[]
}

export type Plan = {
  readonly tools: readonly Tool[]
  readonly connections: readonly number[]
  readonly repeats: number
  /** How long one load lasts. */
  readonly seconds: number
}

/** Seconds of load before anything is measured: V8 compiles the hot path meanwhile. */
const warmUp = 5

type Targets = Readonly<Record<TargetName, Target>>

/** Measures every row, all rows in every repeat, so that a slow minute of the machine does not fall on one row alone. */
export async function measureRows(targets: Targets, plan: Plan, log: (line: string) => void): Promise<readonly Row[]> {
  const { seconds } = plan
  const rows = plan.tools.flatMap(tool =>
    plan.connections.map((connections): Row => ({ tool, connections, rate: 'all', repeats: [] })),
  )
  const half: Row = { tool: 'small', connections: 16, rate: 'half', repeats: [] }
  for (const { name } of Object.values(targets)) {
    for (const tool of plan.tools) await load(targets[name], { tool, connections: 16, seconds: warmUp })
  }
  for (let repeat = 1; repeat <= plan.repeats; repeat++) {
    for (const row of rows) {
      row.repeats.push(await sampleAll(targets, { tool: row.tool, connections: row.connections, seconds }))
      log(`${repeat}/${plan.repeats} ${describe(row)}`)
    }
    const full = rows
      .find(row => row.tool === half.tool && row.connections === half.connections)
      ?.repeats.at(-1)?.bartizan
    if (full === undefined) continue
    half.repeats.push(await sampleAll(targets, { ...half, seconds, rate: full.calls / full.seconds / 2 }))
    log(`${repeat}/${plan.repeats} ${describe(half)}`)
  }
  return half.repeats.length > 0 ? [...rows, half] : rows
}

/** Seconds that one target is loaded before the next has its turn. */
const turn = 1

/**
 * The targets take turns, so that a slow second of the machine falls on all of them and not on one. Calls and CPU time of the turns are added;
 * quantiles are the mean of the turns', by their calls. A given rate is kept in one turn, because its p99 is a budget and wants all calls together.
 */
async function sampleAll(targets: Targets, what: Load): Promise<Repeat> {
  const turns = what.rate === undefined ? Math.max(1, Math.round(what.seconds / turn)) : 1
  const samples: Record<TargetName, Sample[]> = { direct: [], nginx: [], bartizan: [] }
  for (let count = 0; count < turns; count++) {
    for (const name of targetNames)
      samples[name].push(await sample(targets[name], { ...what, seconds: what.seconds / turns }))
  }
  return { direct: pool(samples.direct), nginx: pool(samples.nginx), bartizan: pool(samples.bartizan) }
}

/** One sample of several turns of the same target. */
export function pool(turns: readonly Sample[]): Sample {
  const sum = (figure: (sample: Sample) => number): number => turns.reduce((total, each) => total + figure(each), 0)
  const calls = sum(each => each.calls)
  const seconds = sum(each => each.seconds)
  const byCalls = (figure: (sample: Sample) => number): number => sum(each => figure(each) * each.calls) / calls
  const pooled = {
    calls,
    seconds,
    errors: sum(({ errors }) => errors),
    p50: byCalls(({ p50 }) => p50),
    p99: byCalls(({ p99 }) => p99),
  }
  if (turns.some(({ cpu }) => cpu === undefined)) return pooled
  const cpu = byCalls(each => each.cpu ?? 0)
  return { ...pooled, cpu, busy: (cpu * calls) / 1e6 / seconds }
}

/** One load of one target, with the CPU time that its process took meanwhile. */
export async function sample(target: Target, what: Load): Promise<Sample> {
  const { pid } = target
  if (pid === undefined) return load(target, what)
  const before = cpuOf(pid)
  const seen = await load(target, what)
  const spent = cpuOf(pid) - before
  return { ...seen, cpu: spent / seen.calls, busy: spent / 1e6 / seen.seconds }
}

/** CPU per call of the gateway as a multiple of nginx's in the same repeat. */
export function ratio({ nginx, bartizan }: Repeat): number {
  if (nginx.cpu === undefined || bartizan.cpu === undefined) throw new Error('no CPU time')
  return bartizan.cpu / nginx.cpu
}

function describe(row: Row): string {
  const last = row.repeats.at(-1)
  if (last === undefined) return ''
  const shown = targetNames.map(name => {
    const { calls, seconds, p50, p99, cpu, busy } = last[name]
    const spent = cpu === undefined ? '' : ` ${cpu.toFixed(1)} µs CPU (${((busy ?? 0) * 100).toFixed(0)} %)`
    return `${name} ${(calls / seconds).toFixed(0)}/s p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)}${spent}`
  })
  return `${row.tool} × ${row.connections}${row.rate === 'half' ? ' half load' : ''}: ${shown.join(' | ')} | × ${ratio(last).toFixed(2)}`
}
