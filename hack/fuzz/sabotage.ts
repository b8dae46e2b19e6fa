import { rules } from '../../gateway/mcp/rules.ts'
import type { Rule } from '../../gateway/mcp/rules.ts'
import type { Peer } from './peers.ts'
import { run } from './run.ts'
import type { Counterexample, Options } from './run.ts'

/** Rules against documents that two parsers read differently. All others are bounds and shapes: the predicate judges them. */
const ambiguity: ReadonlySet<Rule> = new Set<Rule>([
  'utf8',
  'duplicates',
  'escapedNames',
  'surrogates',
  'overflow',
  'envelopeCase',
  'paramsCase',
  'metaCase',
  'resultCase',
  'errorCase',
  'toolCase',
])

export const oracleOf = (rule: Rule): 'parsers' | 'predicate' => (ambiguity.has(rule) ? 'parsers' : 'predicate')

export type Sabotage = {
  readonly rule: Rule
  readonly inputs: number
  readonly found?: Counterexample
  readonly options: Options
}

/** Disables one rule after the other and lets its own oracle look for a document that is now wrongly accepted. */
export async function* sabotage(seed: number, inputs: number, peers: readonly Peer[]): AsyncGenerator<Sabotage> {
  for (const rule of rules) {
    const options: Options = { seed, inputs, peers, disabled: rule, oracles: [oracleOf(rule)] }
    yield { rule, options, ...(await run(options)) }
  }
}
