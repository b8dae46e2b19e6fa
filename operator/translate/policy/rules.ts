import { channel, type ServerRule } from '../../../gateway/config/guardrails.ts'
import { keyedRules, merged, repeats, type KeyedRule } from './rule-keys.ts'
import { sortedBy } from '../model/document.ts'
import { fullName, type SelectedPolicy } from './policies.ts'
import { ruleRequests, type RuleChannel, type RuleDetector } from './rule-requests.ts'

function combined(keyed: readonly KeyedRule[]): KeyedRule[] {
  const byKey = new Map<string, KeyedRule>()
  const keyOf = (rule: KeyedRule, mode: KeyedRule['mode']): string => JSON.stringify([mode, rule.channel, rule.subject])
  for (const rule of keyed) {
    const key = keyOf(rule, rule.mode)
    const other = byKey.get(key)
    // Merged with itself when it is the first, so that one rule and two equal ones look the same.
    byKey.set(key, merged(other ?? rule, rule))
  }
  return [...byKey.values()].filter(
    rule => rule.mode === 'Enforce' || !repeats(rule, byKey.get(keyOf(rule, 'Enforce'))),
  )
}

const groupedBy = <T>(items: readonly T[], key: (item: T) => string): T[][] => [...Map.groupBy(items, key).values()]

const channelsOf = (keyed: readonly KeyedRule[]): RuleChannel[] =>
  channel.options.filter(name => keyed.some(rule => rule.channel === name))

/** What may share a rule: everything but the words is equal. */
const groupKey = ({ keywords, ...others }: RuleDetector): string => JSON.stringify([keywords?.matchMode, others])

/** Words of one treatment in one rule: the detector looks for all of them in one pass over the text. */
const maxWords = 1024

function detectorsOf(keyed: readonly KeyedRule[]): RuleDetector[] {
  const { detector } = keyed[0]!
  if (!detector.keywords) return [detector]
  const { matchMode } = detector.keywords
  const words = keyed.flatMap(rule => rule.detector.keywords?.words ?? []).sort()
  return Array.from({ length: Math.ceil(words.length / maxWords) }, (_, at) => ({
    keywords: { words: words.slice(at * maxWords, (at + 1) * maxWords), ...(matchMode && { matchMode }) },
  }))
}

/**
 * Combines what the policies of one server look for. For each channel and each subject (a word, or what another detector looks for) the
 * strictest holds; the order of the policies does not matter, and a policy can only add.
 */
export function serverRules(policies: readonly SelectedPolicy[]): ServerRule[] {
  const keyed = combined(policies.flatMap(ruleRequests).flatMap(keyedRules))
  const treatment = ({ action, mode, policies, detector }: KeyedRule): unknown[] => [
    action,
    mode,
    policies[0],
    groupKey(detector),
  ]
  const spread = groupedBy(keyed, rule => JSON.stringify([rule.subject, treatment(rule)]))
  const alike = groupedBy(spread, same => JSON.stringify([treatment(same[0]!), channelsOf(same)]))
  const rules = alike.flatMap(group => {
    const { action, mode, policies } = group[0]![0]!
    const channels = channelsOf(group[0]!)
    const policy = policies[0] ?? ''
    return detectorsOf(group.map(same => same[0]!)).map(detector => ({ detector, channels, action, mode, policy }))
  })
  return sortedBy(rules, rule => JSON.stringify([rule.policy, rule.mode, rule.action, rule.channels, rule.detector]))
}

/** Most servers are chosen by the same policies, so what those come to is worked out once for each set of them. */
export function ruleCache(): (policies: readonly SelectedPolicy[]) => readonly ServerRule[] {
  const known = new Map<string, readonly ServerRule[]>()
  return policies => {
    const set = JSON.stringify(policies.map(fullName))
    const rules = known.get(set) ?? serverRules(policies)
    known.set(set, rules)
    return rules
  }
}
