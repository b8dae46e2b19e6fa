import type { ServerRule } from '../../config/guardrails.ts'
import type { Hit } from '../../detectors/detector.ts'
import type { Channel, Finding, Steps } from '../../exchange.ts'
import type { Path } from '../../mcp/spans.ts'
import type { Part } from './channels.ts'
import { findHits } from './find.ts'
import { inPlaceholder, MAX_HITS, redacted } from './redact.ts'
import { eachText, eachTextInSteps, type Form } from './texts.ts'
import type { DirectionRules, ChannelDetector } from './direction-rules.ts'

/** A string value of the message, and what it becomes. */
export type Change = { readonly path: Path; readonly from: string; readonly to: string }

export type Inspection = {
  readonly findings: readonly Finding[]
  /** The finding that refuses the message. */
  readonly blocked: Finding | undefined
  readonly changes: readonly Change[]
}

/** A hostile message can hold a finding in every string; the audit line names each kind once, and at most so many. */
const MAX_FINDINGS = 64

/** Characters after which other calls get a turn. */
const TURN = 1 << 14
/** A look at a text, in characters: short ones cost as much. */
const LOOK = 96

/** Shorter texts are looked at already while they are collected. */
const SHORT = 4096

type Text = {
  readonly text: string
  readonly form: Form
  readonly path: Path
  readonly key: string | undefined
  readonly channel: Channel
}

/** Longer ones are read in windows. */
const LONG = 1 << 16

/** Judges every text of the parts by the detectors of its channel. */
export function* inspect(parts: readonly Part[], fromServer: boolean, direction: DirectionRules): Steps<Inspection> {
  const found = new Found()
  let sinceTurn = 0
  for (const text of yield* collected(parts, fromServer, direction)) {
    if (isWorthALook(text, direction)) yield* judge(text, direction, found)
    sinceTurn += text.text.length + LOOK
    if (sinceTurn > TURN) {
      sinceTurn = 0
      yield
    }
  }
  return { findings: [...found.findings.values()], blocked: found.blocked, changes: found.changes }
}

/** Whether no detector finds anything, in all texts at once and without a note of where: what is true of nearly every message. */
export function isClean(parts: readonly Part[], fromServer: boolean, { byChannel }: DirectionRules): boolean {
  let clean = true
  for (const part of parts) {
    const detectors = byChannel[part.channel]
    if (detectors === undefined || !clean) continue
    eachText(part, fromServer, (text, _form, _path, key) => {
      for (let at = 0; clean && at < detectors.length; at++)
        clean = detectors[at]!.detector.find(text, key).length === 0
    })
  }
  return clean
}

/** Short texts were looked at before, and very long ones are read in windows anyway. */
const isWorthALook = ({ text, key }: Text, direction: DirectionRules): boolean =>
  text.length <= SHORT || text.length > LONG || direction.mayTouchText(text, key)

function* collected(parts: readonly Part[], fromServer: boolean, direction: DirectionRules): Steps<readonly Text[]> {
  const texts: Text[] = []
  for (const part of parts) {
    const { channel } = part
    if (direction.byChannel[channel] === undefined) continue
    yield* eachTextInSteps(part, fromServer, (text, form, path, key) => {
      if (text.length > SHORT || direction.mayTouchText(text, key))
        texts.push({ text, form, path: [...path], key, channel })
    })
  }
  return texts
}

class Found {
  readonly findings = new Map<string, Finding>()
  readonly changes: Change[] = []
  blocked: Finding | undefined

  add(finding: Finding): void {
    const id = `${finding.policy}\n${finding.detector}\n${finding.rule}\n${finding.channel}\n${finding.action}\n${finding.mode}`
    if (this.findings.size < MAX_FINDINGS && !this.findings.has(id)) this.findings.set(id, finding)
  }
}

function* judge(text: Text, direction: DirectionRules, found: Found): Steps<void> {
  const redacting: ChannelDetector[] = []
  let unredactable: Finding | undefined
  let isFull = false
  const isOurs = inPlaceholder(text.text, direction.placeholders)
  for (const channelDetector of direction.byChannel[text.channel]!) {
    const { kinds, hits } = yield* seen(text, channelDetector, isOurs)
    if (kinds.size === 0) continue
    for (const rule of channelDetector.rules)
      unredactable = acted(rule, record(rule, channelDetector, kinds, text, found), found) ?? unredactable
    if (!channelDetector.rules.some(isRedaction)) continue
    redacting.push(channelDetector)
    isFull ||= hits > MAX_HITS
  }
  if (unredactable === undefined || found.blocked !== undefined) return
  const isRedactable = text.form === 'value' && !isFull
  const to = isRedactable ? yield* redacted(text.text, text.key, redacting, direction.placeholders) : undefined
  if (to !== undefined) found.changes.push({ path: text.path, from: text.text, to })
  // What cannot be replaced without changing the message in other ways is refused.
  else found.blocked = unredactable
}

/** What fires in a text, and how often. What is refused anyway is read no further. */
function* seen(
  { text, key }: Text,
  { detector, rules }: ChannelDetector,
  isOurs: (hit: Hit) => boolean,
): Steps<{ kinds: ReadonlySet<string>; hits: number }> {
  const most = rules.some(isBlock) ? 0 : rules.some(isRedaction) ? MAX_HITS : Infinity
  const kinds = new Set<string>()
  let hits = 0
  yield* findHits(detector, text, key, hit => {
    if (isOurs(hit)) return true
    kinds.add(hit.rule)
    hits++
    return hits <= most
  })
  return { kinds, hits }
}

/** Refuses for a rule that blocks; returns the finding of a rule that redacts, which refuses when there is no other way. */
function acted({ action, mode }: ServerRule, first: Finding, found: Found): Finding | undefined {
  if (mode !== 'Enforce') return undefined
  if (action === 'Block') found.blocked ??= first
  return action === 'Redact' ? first : undefined
}

const isBlock = ({ action, mode }: ServerRule): boolean => action === 'Block' && mode === 'Enforce'

const isRedaction = ({ action, mode }: ServerRule): boolean => action === 'Redact' && mode === 'Enforce'

/** Leaves a finding for everything that fired, and returns the first. */
function record(
  { action, mode, policy }: ServerRule,
  { detector }: ChannelDetector,
  kinds: ReadonlySet<string>,
  { channel }: Text,
  found: Found,
): Finding {
  const findings = Array.from(kinds, rule => ({ detector: detector.name, rule, channel, policy, action, mode }))
  for (const finding of findings) found.add(finding)
  return findings[0]!
}
