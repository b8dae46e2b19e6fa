import { proveChain, type Gateway } from './bartizan.ts'
import { atRest } from './footprint.ts'
import { load, NoAnswer, type Load, type Tool } from './load.ts'
import type { ComparisonPlan } from './plan.ts'
import { cpuOf } from './process.ts'
import { pool, sample, type Sample } from './rows.ts'
import type { Compared, Pair } from './verdict.ts'
import type { Version } from './version.ts'

/** One thing of each of both versions: of the tree at hand, and of the commit that it is compared with. */
type Both<T> = { readonly new: T; readonly old: T }

/** Seconds of one turn. */
const turn = 1
/** Microseconds of CPU time that a process spends on a tool before it is measured: V8 compiles the path of a call meanwhile. On a busy machine that takes longer. */
const warmUp = 3e6
const mostWarmUps = 20

/**
 * Measures the pairs of every tool. Each pair has fresh processes: two processes of one program differ by some per cent for as long as they live, by
 * where the heap lies and by what V8 compiled, so that several ratios of the same two would only repeat that difference. The turns of a pair are
 * A B B A, and who is A changes from pair to pair: what one turn does to the next, and a machine that grows slower, fall on both alike.
 */
export async function measurePairs(
  versions: Both<Version>,
  upstream: URL,
  plan: ComparisonPlan,
  log: (line: string) => void,
): Promise<Compared['pairs']> {
  const measured = new Map<Tool, Pair[]>(plan.tools.map(tool => [tool, []]))
  for (let pair = 0; pair < plan.pairs; pair++) {
    await withBoth(versions, upstream, order(pair), async gateways => {
      for (const [tool, pairs] of measured) {
        const spent = await cpuPerCall(gateways, order(pair), { tool, connections: plan.connections, seconds: turn })
        pairs.push(spent)
        const shown = `new ${spent.new.toFixed(1)} µs, old ${spent.old.toFixed(1)} µs, ratio ${(spent.new / spent.old).toFixed(3)}`
        log(`${tool} ${pair + 1}/${plan.pairs}: ${shown}`)
      }
    })
  }
  return measured
}

/** Idle memory of both versions, fresh processes in turns. */
export async function measureMemory(
  versions: Both<Version>,
  upstream: URL,
  starts: number,
): Promise<Compared['memory']> {
  const memory: Both<number[]> = { new: [], old: [] }
  for (let at = 0; at < starts; at++) {
    for (const name of order(at)) {
      const { anonymous } = (await atRest(await versions[name].launch(upstream))).memory
      memory[name].push(anonymous)
    }
  }
  return memory
}

type Order = readonly [keyof Pair, keyof Pair]
const order = (pair: number): Order => (pair % 2 === 0 ? ['old', 'new'] : ['new', 'old'])

/** CPU time per answered call of both, over their turns. */
async function cpuPerCall(gateways: Both<Gateway>, [first, second]: Order, what: Load): Promise<Pair> {
  for (const name of [first, second]) await warm(gateways[name], what)
  const turns: Both<Sample[]> = { new: [], old: [] }
  for (const name of [first, second, second, first]) turns[name].push(await again(() => sample(gateways[name], what)))
  return { new: cpuOfAll(turns.new), old: cpuOfAll(turns.old) }
}

async function warm(gateway: Gateway, what: Load): Promise<void> {
  const end = cpuOf(gateway.pid) + warmUp
  for (let count = 0; count < mostWarmUps && cpuOf(gateway.pid) < end; count++) await again(() => load(gateway, what))
}

/** A second in which a busy machine let nothing be answered says nothing of the gateway, and is taken again. */
async function again<T>(work: () => Promise<T>, left = 5): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (left === 0 || !(error instanceof NoAnswer)) throw error
    return again(work, left - 1)
  }
}

function cpuOfAll(turns: readonly Sample[]): number {
  const { cpu } = pool(turns)
  if (cpu === undefined) throw new Error('no CPU time')
  return cpu
}

async function withBoth(
  versions: Both<Version>,
  upstream: URL,
  [first, second]: Order,
  work: (gateways: Both<Gateway>) => Promise<void>,
): Promise<void> {
  const one = await versions[first].launch(upstream)
  try {
    const other = await versions[second].launch(upstream)
    try {
      const gateways = first === 'old' ? { old: one, new: other } : { old: other, new: one }
      await proveChain(gateways.old)
      await proveChain(gateways.new)
      await work(gateways)
    } finally {
      await other.stop()
    }
  } finally {
    await one.stop()
  }
}
