import type { Tool } from './load.ts'
import type { ComparisonPlan } from './plan.ts'
import { medianInterval, spread } from './statistics.ts'

/** CPU time per answered call of both versions, in microseconds, by two processes that took turns. */
export type Pair = { readonly new: number; readonly old: number }

/** What a comparison has measured. */
export type Compared = {
  readonly pairs: ReadonlyMap<Tool, readonly Pair[]>
  /** Idle anonymous memory after each start, in MiB. */
  readonly memory: { readonly new: readonly number[]; readonly old: readonly number[] }
}

type Limits = Pick<ComparisonPlan, 'limit' | 'memoryLimit'>

/** The figures in lines to print. */
export function figures({ pairs, memory }: Compared): readonly string[] {
  const calls = Array.from(pairs, ([tool, all]) => {
    const { median } = spread(ratios(all))
    const { low, high, coverage } = medianInterval(ratios(all))
    const each = `new ${middle(
      all.map(pair => pair.new),
      1,
    )} µs, old ${middle(
      all.map(pair => pair.old),
      1,
    )} µs`
    const interval = `${low.toFixed(3)} to ${high.toFixed(3)} (${(coverage * 100).toFixed(1)} %, ${all.length} pairs)`
    return `${tool}: CPU per call ${each}; median of the paired ratios ${median.toFixed(3)}, interval ${interval}`
  })
  const starts = (values: readonly number[]): string => {
    const { median, least, most } = spread(values)
    return `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`
  }
  const added = growth(memory)
  return [
    ...calls,
    `idle: anonymous memory new ${starts(memory.new)} MiB, old ${starts(memory.old)} MiB, ${memory.new.length} starts each; ` +
      `difference of the medians ${added < 0 ? '-' : '+'}${Math.abs(added).toFixed(2)} MiB`,
  ]
}

/** What misses its limit, in plain words; empty when all is kept. */
export function missed({ pairs, memory }: Compared, { limit, memoryLimit }: Limits): readonly string[] {
  const calls = Array.from(pairs).flatMap(([tool, all]) => {
    const { low } = medianInterval(ratios(all))
    const why = `a call takes at least ${low.toFixed(3)} times the CPU time, the limit is ${limit.toFixed(2)}`
    return low <= limit ? [] : [`${tool}: ${why}`]
  })
  const added = growth(memory)
  if (memoryLimit === undefined || added <= memoryLimit) return calls
  return [...calls, `idle: ${added.toFixed(2)} MiB are added, the limit is ${memoryLimit} MiB`]
}

/** The last line: whether the limits are kept. */
export function verdict(compared: Compared, limits: Limits): string {
  const what = missed(compared, limits)
  if (what.length > 0) return `Missed: ${what.join('; ')}.`
  const memory = limits.memoryLimit === undefined ? '' : `, and idle memory grows by at most ${limits.memoryLimit} MiB`
  return `Passed: the lower end of every interval is at most ${limits.limit.toFixed(2)}${memory}.`
}

const ratios = (pairs: readonly Pair[]): readonly number[] => pairs.map(pair => pair.new / pair.old)
const middle = (values: readonly number[], digits: number): string => spread(values).median.toFixed(digits)
const growth = (memory: Compared['memory']): number => spread(memory.new).median - spread(memory.old).median
