import { isAscii } from 'node:buffer'
import type { ServerGuardrails, ServerRule } from '../../config/guardrails.ts'
import { automaton } from '../../detectors/automaton.ts'
import type { Detector } from '../../detectors/detector.ts'
import { isSimple } from '../../detectors/fold.ts'
import { detectors } from '../../detectors/index.ts'
import type { Channel, Message } from '../../exchange.ts'

/** A detector that looks at a channel, and every rule that acts on what it finds there. */
export type ChannelDetector = { readonly detector: Detector; readonly rules: readonly ServerRule[] }

type Prefilter = {
  /** Whether a detector may find something in the message; false is certain, true is a reason to look. */
  mayTouch(message: Message): boolean
  /** The same for one text. */
  mayTouchText(text: string, key: string | undefined): boolean
}

/** What is looked for in one direction. */
export type DirectionRules = Prefilter & {
  readonly byChannel: Readonly<Partial<Record<Channel, readonly ChannelDetector[]>>>
  /** Every placeholder that a redaction can leave. */
  readonly placeholders: ReadonlySet<string>
}

/** What the two directions of a stage have in common. */
export type SharedDetectors = { readonly made: Map<string, Detector>; readonly gates: Map<string, Prefilter> }

type Make = (options: unknown) => Detector

/** The detector of a rule. Rules with equal options share one, so that it reads a text once. */
export function detectorOf(option: ServerRule['detector'], made: Map<string, Detector>): Detector {
  const id = JSON.stringify(option)
  const known = made.get(id)
  if (known !== undefined) return known
  const [name, options] = Object.entries(option).find(([, value]) => value !== undefined)!
  // The registry is keyed like the options, which the compiler cannot follow through a lookup by name.
  const detector = (detectors as unknown as Record<string, Make>)[name]!(options)
  made.set(id, detector)
  return detector
}

/**
 * Groups the rules by channel, and builds one automaton over every literal of the detectors of this direction.
 * @param more further reasons to look into a message, lower case
 */
export function directionRules(
  { rules }: ServerGuardrails,
  channels: readonly Channel[],
  more: readonly string[],
  { made, gates }: SharedDetectors,
): DirectionRules | undefined {
  const byChannel: Partial<Record<Channel, ChannelDetector[]>> = {}
  const used = new Set<Detector>()
  for (const channel of channels) {
    const found = new Map<Detector, ServerRule[]>()
    for (const rule of rules.filter(rule => rule.channels.includes(channel))) {
      const detector = detectorOf(rule.detector, made)
      found.set(detector, [...(found.get(detector) ?? []), rule])
      used.add(detector)
    }
    if (found.size > 0) byChannel[channel] = [...found].map(([detector, rules]) => ({ detector, rules }))
  }
  if (used.size === 0) return undefined
  const placeholders = new Set([...used].flatMap(detector => detector.placeholders))
  return { byChannel, placeholders, ...prefilterOf([...used], more, gates) }
}

/** Both directions mostly have the same detectors, and then one automaton. */
function prefilterOf(used: readonly Detector[], more: readonly string[], gates: Map<string, Prefilter>): Prefilter {
  const together = used.flatMap(detector => detector.together ?? [])
  const literals = used.every(detector => detector.literals !== undefined)
    ? [...new Set([...used.flatMap(detector => detector.literals!), ...more])].sort()
    : undefined
  const id = JSON.stringify([literals, together])
  const gate = gates.get(id) ?? buildPrefilter(literals, together)
  gates.set(id, gate)
  return gate
}

/** One detector without literals must see everything, so there is no gate then. */
function buildPrefilter(literals: readonly string[] | undefined, together: readonly (readonly string[])[]): Prefilter {
  if (literals === undefined) return { mayTouch: () => true, mayTouchText: () => true }
  const search = automaton(literals, 1 << 19)
  const hasBackslash = literals.some(literal => literal.includes('\\'))

  const isReadable = ({ plain, bytes }: Message): boolean => plain || (!hasBackslash && isPlainButEscapes(bytes))
  const reasons = together.map(signs => ({ first: signs[0]!.charCodeAt(0), signs }))
  // The search for a single byte costs least, the first sign is the rarest, and among escapes only a single one can be relied upon.
  const isTogether = ({ plain, bytes }: Message): boolean => {
    for (const { first, signs } of reasons) if (bytes.includes(first) && (!plain || holdsAll(bytes, signs))) return true
    return false
  }
  const isTogetherInText = (text: string): boolean => together.some(signs => holdsAll(text, signs))

  return {
    mayTouch: message => !isReadable(message) || search.touchesBytes(message.bytes) || isTogether(message),
    mayTouchText: (text, key) =>
      !isSimple(text) ||
      search.touches(text) ||
      isTogetherInText(text) ||
      text.includes(escapedUnit) ||
      text.includes(escapedByte) ||
      (key !== undefined && (!isSimple(key) || search.touches(key))),
  }
}

const holdsAll = (text: Buffer | string, signs: readonly string[]): boolean => signs.every(sign => text.includes(sign))

const escapedUnit = '\\u'
/** An escape of programs: in the bytes of a message it has two backslashes. */
const escapedByte = '\\x'
/** A backspace is an invisible sign, so a term may hide it; every other escape of one letter stands for a sign that shows. */
const hiding = [escapedUnit, escapedByte, '\\b']

/** Whether only escapes of one character (`\n`, `\"`, `\/`) part the bytes from the text: they hide nothing from a search that skips backslashes. */
const isPlainButEscapes = (bytes: Buffer): boolean =>
  isAscii(bytes) && hiding.every(escape => bytes.indexOf(escape, 0, 'latin1') < 0)
