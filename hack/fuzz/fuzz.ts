import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { missingLanguages, startPeers } from './peers.ts'
import type { Peer } from './peers.ts'
import { run } from './run.ts'
import type { Options } from './run.ts'
import { oracleOf, sabotage } from './sabotage.ts'
import { shown, shrink } from './shrink.ts'

/** Always the same, so that a failure on one machine is one on all. */
export const fixedSeeds = [1, 20_260_728, 0xbadc0de]

/**
 * Fuzzes the reader: `inputs` documents over the fixed seeds and a fresh one.
 * @param say receives a line for each seed
 * @returns the shortest counterexample found, as text for people; undefined if there is none
 */
export async function fuzz(
  seeds: readonly number[],
  inputs: number,
  peers: readonly Peer[],
  say: (line: string) => void,
) {
  for (const seed of seeds) {
    const options: Options = {
      seed,
      inputs: Math.ceil(inputs / seeds.length),
      peers,
      oracles: ['predicate', 'parsers'],
    }
    const { inputs: count, accepted, found } = await run(options)
    if (found !== undefined) return shown(await shrink(found, options))
    say(
      `seed ${seed}: ${count} inputs, ${accepted} accepted and read alike by JSON.parse${peers.map(peer => `, ${peer.language}`).join('')}`,
    )
  }
  return undefined
}

/** Proves of every rule that its oracle misses it. @returns the rules that nothing missed */
export async function sabotageAll(
  seed: number,
  inputs: number,
  peers: readonly Peer[],
  say: (line: string) => void,
): Promise<string[]> {
  const unmissed: string[] = []
  for await (const { rule, inputs: count, found, options } of sabotage(seed, inputs, peers)) {
    if (found === undefined) unmissed.push(rule)
    else {
      const { input } = await shrink(found, options)
      say(
        `without ${rule}: ${oracleOf(rule)} after ${count} inputs: ${JSON.stringify(input.bytes.toString('latin1')).slice(0, 160)}`,
      )
    }
  }
  return unmissed
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '2000000' },
      seed: { type: 'string' },
      sabotage: { type: 'boolean', default: false },
    },
  })
  // A third of all inputs are no JSON, and the stack of a SyntaxError costs more than all that is done with it.
  Error.stackTraceLimit = 0
  const inputs = Number(values.inputs)
  const seeds = values.seed === undefined ? [...fixedSeeds, randomInt(2 ** 32)] : [Number(values.seed)]
  for (const language of missingLanguages()) console.log(`${language} is not installed: its parser does not judge`)
  const peers = startPeers()
  try {
    if (values.sabotage) {
      const unmissed = await sabotageAll(seeds.at(-1) ?? 1, inputs, peers, console.log)
      for (const rule of unmissed) console.log(`without ${rule}: nothing found`)
      return unmissed.length === 0 ? 0 : 1
    }
    const found = await fuzz(seeds, inputs, peers, console.log)
    if (found !== undefined) console.log(found)
    return found === undefined ? 0 : 1
  } finally {
    for (const peer of peers) peer.close()
  }
}

if (import.meta.main) process.exitCode = await main()
