import type { Read } from '../../gateway/exchange.ts'
import { reader } from '../../gateway/mcp/reader.ts'
import { rulesBut } from '../../gateway/mcp/rules.ts'
import type { Rule } from '../../gateway/mcp/rules.ts'
import { input } from './input.ts'
import type { Input } from './input.ts'
import type { Peer } from './peers.ts'
import { expectedOf } from './predicate.ts'
import { random } from './random.ts'
import { againstPredicate, expectedLines } from './verdict.ts'
import type { Lines } from './verdict.ts'

export type Counterexample = { readonly input: Input; readonly reason: string; readonly seed: number }

export type Run = { readonly inputs: number; readonly accepted: number; readonly found?: Counterexample }

export type Options = {
  readonly seed: number
  readonly inputs: number
  readonly peers: readonly Peer[]
  /** A rule that the reader goes without. */
  readonly disabled?: Rule
  /** Who judges: the predicate, the other parsers, or both. */
  readonly oracles: readonly ('predicate' | 'parsers')[]
}

/** How many accepted inputs go to the other parsers at once. */
const round = 2000

type Accepted = Lines & { readonly input: Input }

/** Reads `inputs` random documents and stops at the first that an oracle disagrees about. The other parsers see every accepted one. */
export async function run(options: Options): Promise<Run> {
  const { seed, inputs, oracles } = options
  const read = readers(options.disabled)
  const r = random(seed)
  let waiting: Accepted[] = []
  let asked: Promise<Counterexample | undefined> = Promise.resolve(undefined)
  let accepted = 0
  for (let count = 1; count <= inputs; count++) {
    const one = input(r)
    const answer = read(one)
    const expected = expectedOf(one.bytes, one.limits, one.from)
    const reason = oracles.includes('predicate') ? againstPredicate(one, answer, expected) : undefined
    if (reason !== undefined) {
      await asked
      return { inputs: count, accepted, found: { input: one, reason, seed } }
    }
    if (!('denied' in answer)) {
      accepted++
      if (oracles.includes('parsers')) waiting.push({ input: one, ...expectedLines(one, answer, expected) })
    }
    if (waiting.length === round || count === inputs) {
      // One round is on its way while the next is made.
      const found = await asked
      if (found !== undefined) return { inputs: count, accepted, found }
      asked = askPeers(waiting, options.peers, seed)
      waiting = []
    }
  }
  const found = await asked
  return { inputs, accepted, ...(found !== undefined && { found }) }
}

export function readers(disabled: Rule | undefined): (one: Input) => Read {
  const rules = rulesBut(disabled)
  const by = { client: reader('client', rules), server: reader('server', rules) }
  return one => by[one.from](one.bytes, one.limits)
}

async function askPeers(
  waiting: readonly Accepted[],
  peers: readonly Peer[],
  seed: number,
): Promise<Counterexample | undefined> {
  const documents = waiting.map(({ input }) => input.bytes)
  const answers = await Promise.all(peers.map(peer => peer.ask(documents)))
  for (const [index, one] of waiting.entries()) {
    for (const [which, peer] of peers.entries()) {
      const answer = answers[which]?.[index]
      if (answer === one[peer.language]) continue
      return {
        input: one.input,
        seed,
        reason: `accepted, but read as\n  ${one[peer.language]}\nhere and in ${peer.language} as\n  ${answer}`,
      }
    }
  }
  return undefined
}

/** Whether an oracle still disagrees about these bytes. */
export async function disagrees(one: Input, options: Omit<Options, 'seed' | 'inputs'>): Promise<string | undefined> {
  const answer = readers(options.disabled)(one)
  const expected = expectedOf(one.bytes, one.limits, one.from)
  const reason = options.oracles.includes('predicate') ? againstPredicate(one, answer, expected) : undefined
  if (reason !== undefined || 'denied' in answer || !options.oracles.includes('parsers')) return reason
  return (await askPeers([{ input: one, ...expectedLines(one, answer, expected) }], options.peers, 0))?.reason
}
