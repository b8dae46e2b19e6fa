import { proveChain, type Gateway } from './bartizan.ts'
import { atRest } from './footprint.ts'
import { load, type Tool } from './load.ts'
import { share, type ComparisonPlan } from './plan.ts'
import { sample } from './rows.ts'
import type { Compared, Pair } from './verdict.ts'
import type { Version } from './version.ts'

/** One thing of each of both versions: of the tree at hand, and of the commit that it is compared with. */
type Both<T> = { readonly new: T; readonly old: T }

/** Seconds of one turn, and of the load before the first of a tool, in which V8 compiles the path of a call. */
const turn = 1
const warmUp = 3

/**
 * Measures the pairs of every tool. Each round has fresh processes, because two processes of one program differ by some per cent for as long as they
 * live: by where the heap lies, and by what V8 compiled.
 */
export async function measurePairs(
  versions: Both<Version>,
  upstream: URL,
  plan: ComparisonPlan,
  log: (line: string) => void,
): Promise<Compared['pairs']> {
  const measured = new Map<Tool, Pair[]>(plan.tools.map(tool => [tool, []]))
  for (const count of share(plan)) {
    await withBoth(versions, upstream, async gateways => {
      for (const [tool, pairs] of measured) {
        for (const name of order(pairs.length)) await load(gateways[name], { ...plan, tool, seconds: warmUp })
        for (const end = pairs.length + count; pairs.length < end;) {
          const spent = { new: 0, old: 0 }
          for (const name of order(pairs.length)) spent[name] = await cpuPerCall(gateways[name], tool, plan.connections)
          pairs.push(spent)
          const shown = `new ${spent.new.toFixed(1)} µs, old ${spent.old.toFixed(1)} µs, ratio ${(spent.new / spent.old).toFixed(3)}`
          log(`${tool} ${pairs.length}/${plan.pairs}: ${shown}`)
        }
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

/** Who goes first changes from pair to pair, so that what the first turn does to the second falls on both alike. */
const order = (pair: number): readonly (keyof Both<unknown>)[] => (pair % 2 === 0 ? ['old', 'new'] : ['new', 'old'])

async function cpuPerCall(gateway: Gateway, tool: Tool, connections: number): Promise<number> {
  const { cpu } = await sample(gateway, { tool, connections, seconds: turn })
  if (cpu === undefined) throw new Error('no CPU time')
  return cpu
}

async function withBoth(
  versions: Both<Version>,
  upstream: URL,
  work: (gateways: Both<Gateway>) => Promise<void>,
): Promise<void> {
  const old = await versions.old.launch(upstream)
  try {
    const gateways = { old, new: await versions.new.launch(upstream) }
    try {
      await proveChain(gateways.old)
      await proveChain(gateways.new)
      await work(gateways)
    } finally {
      await gateways.new.stop()
    }
  } finally {
    await old.stop()
  }
}
