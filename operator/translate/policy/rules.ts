import { channel, type ServerRule } from '../../../gateway/config/guardrails.ts'
import { cellsOf, merged, repeats, type Cell } from './rule-keys.ts'
import { sortedBy } from '../model/document.ts'
import { fullName, type Policy } from './policies.ts'
import { wantedBy, type Channel, type Detector } from './rule-requests.ts'

function combined(cells: readonly Cell[]): Cell[] {
  const byKey = new Map<string, Cell>()
  const keyOf = (cell: Cell, mode: Cell['mode']): string => JSON.stringify([mode, cell.channel, cell.subject])
  for (const cell of cells) {
    const key = keyOf(cell, cell.mode)
    const other = byKey.get(key)
    // Merged with itself when it is the first, so that one cell and two equal ones look the same.
    byKey.set(key, merged(other ?? cell, cell))
  }
  return [...byKey.values()].filter(
    cell => cell.mode === 'Enforce' || !repeats(cell, byKey.get(keyOf(cell, 'Enforce'))),
  )
}

const groupedBy = <T>(items: readonly T[], key: (item: T) => string): T[][] => [...Map.groupBy(items, key).values()]

const channelsOf = (cells: readonly Cell[]): Channel[] =>
  channel.options.filter(name => cells.some(cell => cell.channel === name))

/** What may share a rule: everything but the words is equal. */
const likeness = ({ keywords, ...others }: Detector): string => JSON.stringify([keywords?.matchMode, others])

/** Words of one treatment in one rule: the detector looks for all of them in one pass over the text. */
const maxWords = 1024

function detectorsOf(cells: readonly Cell[]): Detector[] {
  const { detector } = cells[0]!
  if (!detector.keywords) return [detector]
  const { matchMode } = detector.keywords
  const words = cells.flatMap(cell => cell.detector.keywords?.words ?? []).sort()
  return Array.from({ length: Math.ceil(words.length / maxWords) }, (_, at) => ({
    keywords: { words: words.slice(at * maxWords, (at + 1) * maxWords), ...(matchMode && { matchMode }) },
  }))
}

/**
 * Combines what the policies of one server look for. For each channel and each subject (a word, or what another detector looks for) the
 * strictest holds; the order of the policies does not matter, and a policy can only add.
 */
export function serverRules(policies: readonly Policy[]): ServerRule[] {
  const cells = combined(policies.flatMap(wantedBy).flatMap(cellsOf))
  const treatment = ({ action, mode, policies, detector }: Cell): unknown[] => [
    action,
    mode,
    policies[0],
    likeness(detector),
  ]
  const spread = groupedBy(cells, cell => JSON.stringify([cell.subject, treatment(cell)]))
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
export function ruleBook(): (policies: readonly Policy[]) => readonly ServerRule[] {
  const known = new Map<string, readonly ServerRule[]>()
  return policies => {
    const set = JSON.stringify(policies.map(fullName))
    const rules = known.get(set) ?? serverRules(policies)
    known.set(set, rules)
    return rules
  }
}
