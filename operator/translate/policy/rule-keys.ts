import { folded } from '../../../gateway/config/spelling.ts'
import { action, type DetectorOptions } from '../../../gateway/config/guardrails.ts'
import { sortedBy } from '../model/document.ts'
import type { Action, Channel, Detector, Mode, Wanted } from './rule-requests.ts'

/**
 * The smallest thing that policies can agree on: what is looked for (one word, secrets, or what any other detector was asked for in the same
 * words), in one channel, in one mode. A rule in Audit does nothing, so it makes none in Enforce stricter nor weaker: the two are kept apart.
 */
export type Cell = {
  readonly subject: string
  readonly channel: Channel
  readonly mode: Mode
  readonly action: Action
  /** Every policy that asks for this action; the first gives its name to the rule. */
  readonly policies: readonly string[]
  readonly detector: Detector
}

type Part = Pick<Cell, 'subject' | 'detector'>

const wordsOf = ({ words, matchMode = 'Word' }: DetectorOptions['keywords']): Part[] =>
  words.map(word => ({ subject: `keyword ${folded(word)}`, detector: { keywords: { words: [word], matchMode } } }))

/** A detector that is not named here is taken as it is: equal options meet, all others stand beside each other, and none is lost. */
function partsOf(detector: Detector): Part[] {
  if (detector.keywords) return wordsOf(detector.keywords)
  return [{ subject: detector.secrets ? 'secrets' : JSON.stringify(detector), detector }]
}

/** Takes a wish apart. */
export const cellsOf = ({ detector, channel, mode, action, policy }: Wanted): Cell[] =>
  partsOf(detector).map(part => ({ ...part, channel, mode, action, policies: [policy] }))

const actions = action.options

export const stricter = (left: Action, right: Action): Action =>
  actions.indexOf(left) <= actions.indexOf(right) ? left : right

function mergedWords(left: DetectorOptions['keywords'], right: DetectorOptions['keywords']): Detector {
  const substring = left.matchMode === 'Substring' || right.matchMode === 'Substring'
  const [word = ''] = [...left.words, ...right.words].sort()
  return { keywords: { words: [word], matchMode: substring ? 'Substring' : 'Word' } }
}

function mergedSecrets(left: DetectorOptions['secrets'], right: DetectorOptions['secrets']): Detector {
  const allowed = (left.allowed ?? []).filter(text => right.allowed?.includes(text))
  return { secrets: allowed.length > 0 ? { allowed: allowed.sort() } : {} }
}

function mergedDetector(left: Detector, right: Detector): Detector {
  if (left.keywords && right.keywords) return mergedWords(left.keywords, right.keywords)
  return left.secrets && right.secrets ? mergedSecrets(left.secrets, right.secrets) : left
}

/** The strictest of two cells of one subject, field by field: the stricter action, the wider match, the fewer exceptions. */
export function merged(left: Cell, right: Cell): Cell {
  const action = stricter(left.action, right.action)
  const policies = [left, right].flatMap(cell => (cell.action === action ? cell.policies : []))
  return {
    ...left,
    action,
    policies: sortedBy([...new Set(policies)], name => name),
    detector: mergedDetector(left.detector, right.detector),
  }
}

/** Whether a cell in Audit says nothing beyond the enforced one about the same subject: it would only repeat its findings. */
export function repeats(audit: Cell, enforced: Cell | undefined): boolean {
  if (!enforced || stricter(enforced.action, audit.action) !== enforced.action) return false
  const both = mergedDetector(enforced.detector, audit.detector)
  return JSON.stringify(both) === JSON.stringify(mergedDetector(enforced.detector, enforced.detector))
}
