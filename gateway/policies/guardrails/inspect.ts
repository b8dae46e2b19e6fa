import type { ServerRule } from '../../config/guardrails.ts'
import type { Hit } from '../../detectors/detector.ts'
import type { Channel, Finding } from '../../exchange.ts'
import type { Part } from './channels.ts'
import { eachText, type Form, type Path } from './texts.ts'
import { redacted, withoutPlaceholders } from './redact.ts'
import type { Watch, Watcher } from './watch.ts'

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

/** Judges every text of the parts by the watchers of its channel. */
export function inspect(parts: readonly Part[], fromServer: boolean, watch: Watch): Inspection {
  const found = new Found()
  for (const part of parts) {
    const watchers = watch.watchers[part.channel]
    if (watchers === undefined) continue
    eachText(part, fromServer, (text, form, path, key) => {
      if (watch.mayTouchText(text, key)) judge({ text, form, path, key, channel: part.channel }, watchers, found)
    })
  }
  return { findings: [...found.findings.values()], blocked: found.blocked, changes: found.changes }
}

type Text = {
  readonly text: string
  readonly form: Form
  readonly path: Path
  readonly key: string | undefined
  readonly channel: Channel
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

function judge(text: Text, watchers: readonly Watcher[], found: Found): void {
  const redacting: Watcher[] = []
  for (const watcher of watchers) {
    const hits = withoutPlaceholders(text.text, watcher.detector.find(text.text, text.key), watchers)
    if (hits.length === 0) continue
    if (watcher.rules.some(isRedaction)) redacting.push(watcher)
    for (const rule of watcher.rules) record(rule, watcher, hits, text, found)
  }
  if (redacting.length === 0 || found.blocked !== undefined) return
  const to = text.form === 'value' ? redacted(text.text, text.key, redacting, watchers) : undefined
  if (to !== undefined) found.changes.push({ path: [...text.path], from: text.text, to })
  // What cannot be replaced without changing the message in other ways is refused.
  else found.blocked = [...found.findings.values()].findLast(isEnforcedRedaction)!
}

const isRedaction = ({ action, mode }: ServerRule): boolean => action === 'Redact' && mode === 'Enforce'
const isEnforcedRedaction = ({ action, mode }: Finding): boolean => action === 'Redact' && mode === 'Enforce'

function record(
  { action, mode, policy }: ServerRule,
  { detector }: Watcher,
  hits: readonly Hit[],
  { channel }: Text,
  found: Found,
): void {
  for (const { rule } of hits) {
    const finding: Finding = { detector: detector.name, rule, channel, policy, action, mode }
    found.add(finding)
    if (action === 'Block' && mode === 'Enforce') found.blocked ??= finding
  }
}
