import { folded } from '../../gateway/config/glob.ts'
import { action, channel, type ServerRule } from '../../gateway/config/guardrails.ts'
import { sortedBy } from './document.ts'
import type { Policy } from './policies.ts'
import { wantedBy, type Action, type Channel, type Wanted } from './wanted.ts'

type MatchMode = 'Word' | 'Substring'

/**
 * What is looked for in one channel, in one mode: a word, or secrets. A rule in Audit does nothing, so it never makes one in Enforce stricter,
 * nor weaker: the two are combined apart.
 */
type Cell = {
  readonly subject: string
  readonly channel: Channel
  readonly mode: Wanted['mode']
  readonly action: Action
  /** Every policy that asks for this action; the first gives its name to the rule. */
  readonly policies: readonly string[]
  readonly word?: { readonly text: string; readonly matchMode: MatchMode }
  readonly allowed?: readonly string[]
}

const actions = action.options
const channels = channel.options
const stricter = (left: Action, right: Action): Action =>
  actions.indexOf(left) <= actions.indexOf(right) ? left : right

function cellsOf(wanted: Wanted): Cell[] {
  const { detector, channel, mode, action, policy } = wanted
  const shared = { channel, mode, action, policies: [policy] }
  const words = (detector.keywords?.words ?? []).map(text => ({
    ...shared,
    subject: `keyword ${folded(text)}`,
    word: { text, matchMode: detector.keywords?.matchMode ?? ('Word' as const) },
  }))
  return detector.secrets
    ? [...words, { ...shared, subject: 'secrets', allowed: detector.secrets.allowed ?? [] }]
    : words
}

function mergedWord(left: Cell['word'], right: Cell['word']): Pick<Cell, 'word'> {
  if (!left || !right) return {}
  const substring = left.matchMode === 'Substring' || right.matchMode === 'Substring'
  return {
    word: { text: left.text < right.text ? left.text : right.text, matchMode: substring ? 'Substring' : 'Word' },
  }
}

/** The strictest of two cells, field by field: the stricter action, the wider match, the fewer exceptions. */
function merged(left: Cell, right: Cell): Cell {
  const action = stricter(left.action, right.action)
  const policies = [left, right].flatMap(cell => (cell.action === action ? cell.policies : []))
  return {
    subject: left.subject,
    channel: left.channel,
    mode: left.mode,
    action,
    policies: sortedBy([...new Set(policies)], name => name),
    ...mergedWord(left.word, right.word),
    ...(left.allowed && { allowed: left.allowed.filter(text => right.allowed?.includes(text)) }),
  }
}

/** A cell in Audit that says nothing beyond the enforced one about the same subject would only repeat its findings. */
function repeats(audit: Cell, enforced: Cell | undefined): boolean {
  if (!enforced || stricter(enforced.action, audit.action) !== enforced.action) return false
  if (audit.word?.matchMode === 'Substring' && enforced.word?.matchMode === 'Word') return false
  return (enforced.allowed ?? []).every(text => audit.allowed?.includes(text))
}

function combined(cells: readonly Cell[]): Cell[] {
  const byKey = new Map<string, Cell>()
  const keyOf = (cell: Cell, mode: Cell['mode']): string => JSON.stringify([mode, cell.channel, cell.subject])
  for (const cell of cells) {
    const key = keyOf(cell, cell.mode)
    const other = byKey.get(key)
    byKey.set(key, other ? merged(other, cell) : cell)
  }
  return [...byKey.values()].filter(
    cell => cell.mode === 'Enforce' || !repeats(cell, byKey.get(keyOf(cell, 'Enforce'))),
  )
}

const groupedBy = <T>(items: readonly T[], key: (item: T) => string): T[][] => [...Map.groupBy(items, key).values()]

/** Words of one treatment in one rule: the detector looks for all of them in one pass over the text. */
const maxWords = 1024

function ruleOf(cells: readonly Cell[], channels: readonly Channel[], namespace: string): ServerRule[] {
  const [{ action, mode, policies, word, allowed }] = cells as readonly [Cell]
  const shared = { channels: [...channels], action, mode, policy: `${namespace}/${policies[0]}` }
  if (!word)
    return [{ ...shared, detector: { secrets: allowed && allowed.length > 0 ? { allowed: [...allowed].sort() } : {} } }]
  const words = cells.map(cell => cell.word!.text).sort()
  return Array.from({ length: Math.ceil(words.length / maxWords) }, (_, at) => ({
    ...shared,
    detector: { keywords: { words: words.slice(at * maxWords, (at + 1) * maxWords), matchMode: word.matchMode } },
  }))
}

/** How a cell is treated, apart from its channel and its word: what is equal here may share a rule. */
const treatment = ({ action, mode, policies, word, allowed }: Cell): string =>
  JSON.stringify([action, mode, policies[0], word?.matchMode, allowed && [...allowed].sort()])

const channelsOf = (cells: readonly Cell[]): Channel[] =>
  channels.filter(name => cells.some(cell => cell.channel === name))

/**
 * Combines what the policies of one server look for. For each channel and each subject (a word, or secrets) the strictest holds; the order of
 * the policies does not matter, and a policy can only add.
 */
export function serverRules(policies: readonly Policy[], namespace: string): ServerRule[] {
  const cells = combined(policies.flatMap(wantedBy).flatMap(cellsOf))
  const spread = groupedBy(cells, cell => JSON.stringify([cell.subject, treatment(cell)])).map(same => ({
    cell: same[0]!,
    channels: channelsOf(same),
  }))
  const rules = groupedBy(spread, ({ cell, channels }) =>
    JSON.stringify([cell.word ? 'keywords' : cell.subject, treatment(cell), channels]),
  )
  return sortedBy(
    rules.flatMap(group =>
      ruleOf(
        group.map(one => one.cell),
        group[0]!.channels,
        namespace,
      ),
    ),
    rule => JSON.stringify([rule.policy, rule.mode, rule.action, rule.channels, rule.detector]),
  )
}
