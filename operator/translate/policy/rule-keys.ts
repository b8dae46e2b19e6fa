import { folded } from '../../../gateway/config/spelling.ts'
import { action, detectorOptions, type DetectorOptions } from '../../../gateway/config/guardrails.ts'
import { fieldsOf, type SchemaField } from '../../../gateway/config/traits.ts'
import { sortedBy } from '../model/document.ts'
import { combined, isPlain } from './combine.ts'
import type { RuleAction, RuleChannel, RuleDetector, RuleMode, RuleRequest } from './rule-requests.ts'

/**
 * The smallest thing that policies can agree on: what is looked for (one word, secrets, or what any other detector was asked for in the same
 * words), in one channel, in one mode. A rule in Audit does nothing, so it makes none in Enforce stricter nor weaker: the two are kept apart.
 */
export type KeyedRule = {
  readonly subject: string
  readonly channel: RuleChannel
  readonly mode: RuleMode
  readonly action: RuleAction
  /** Every policy that asks for this action; the first gives its name to the rule. */
  readonly policies: readonly string[]
  readonly detector: RuleDetector
}

type Part = Pick<KeyedRule, 'subject' | 'detector'>

const wordsOf = ({ words, matchMode = 'Word' }: DetectorOptions['keywords']): Part[] =>
  words.map(word => ({ subject: `keyword ${folded(word)}`, detector: { keywords: { words: [word], matchMode } } }))

type DetectorName = keyof DetectorOptions

const nameOf = (detector: RuleDetector): DetectorName => Object.keys(detector)[0] as DetectorName

/** The options of the detectors of which each has a rule by which it combines. Words are taken apart before. */
const mergeable: ReadonlyMap<string, readonly SchemaField[]> = new Map(
  Object.entries(detectorOptions).flatMap(([name, options]) => {
    const fields = fieldsOf(options)
    return fields.every(({ traits }) => isPlain(traits.combine)) ? [[name, fields]] : []
  }),
)

/** A detector without such rules is taken as it is: equal options meet, all others stand beside each other, and none is lost. */
function partsOf(detector: RuleDetector): Part[] {
  if (detector.keywords) return wordsOf(detector.keywords)
  const name = nameOf(detector)
  return [{ subject: mergeable.has(name) ? name : JSON.stringify(detector), detector }]
}

/** Takes a request apart, by key. */
export const keyedRules = ({ detector, channel, mode, action, policy }: RuleRequest): KeyedRule[] =>
  partsOf(detector).map(part => ({ ...part, channel, mode, action, policies: [policy] }))

const actions = action.options

export const stricter = (left: RuleAction, right: RuleAction): RuleAction =>
  actions.indexOf(left) <= actions.indexOf(right) ? left : right

/** What two rules of one subject look for together, option by option. Of one word in several spellings the first in order stays: they find the same. */
function mergedDetector(left: RuleDetector, right: RuleDetector): RuleDetector {
  const name = nameOf(left)
  const fields = mergeable.get(name)
  if (!fields) return left
  const layers = [left, right].map(detector => ({ origin: '', spec: detector[name] ?? {} }))
  const both = { [name]: combined(fields, layers).spec } as RuleDetector
  const { keywords } = both
  return keywords ? { keywords: { ...keywords, words: keywords.words.toSorted().slice(0, 1) } } : both
}

/** The strictest of two rules of one subject, field by field: the stricter action, the wider match, the fewer exceptions. */
export function merged(left: KeyedRule, right: KeyedRule): KeyedRule {
  const action = stricter(left.action, right.action)
  const policies = [left, right].flatMap(rule => (rule.action === action ? rule.policies : []))
  return {
    ...left,
    action,
    policies: sortedBy([...new Set(policies)], name => name),
    detector: mergedDetector(left.detector, right.detector),
  }
}

/** Whether a rule in Audit says nothing beyond the enforced one about the same subject: it would only repeat its findings. */
export function repeats(audit: KeyedRule, enforced: KeyedRule | undefined): boolean {
  if (!enforced || stricter(enforced.action, audit.action) !== enforced.action) return false
  const both = mergedDetector(enforced.detector, audit.detector)
  return JSON.stringify(both) === JSON.stringify(mergedDetector(enforced.detector, enforced.detector))
}
