import { type Hit, merged } from '../../detectors/detector.ts'
import type { Steps } from '../../exchange.ts'
import { findHits } from './find.ts'
import type { ChannelDetector } from './direction-rules.ts'

/** A replacement can make a new finding with what stands beside it; if that has not ended after so many rounds, nothing is replaced. */
const MAX_ROUNDS = 4

/** A text with more hits is refused instead: one that is full of them has nothing left to say, and each costs memory while it is replaced. */
export const MAX_HITS = 10_000

/** Of texts that are longer, each part of the work is a step of its own. */
const LONG = 1 << 16

/** The text without what the detectors find in it, or undefined when it cannot be made clean. */
export function* redacted(
  text: string,
  key: string | undefined,
  redacting: readonly ChannelDetector[],
  placeholders: ReadonlySet<string>,
): Steps<string | undefined> {
  let clean = text
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const looked = clean
    const hits: Hit[] = []
    const isOurs = inPlaceholder(looked, placeholders)
    for (const { detector } of redacting) {
      if (looked.length > LONG) yield
      yield* findHits(detector, looked, key, hit => {
        if (!isOurs(hit)) hits.push(hit)
        return hits.length <= MAX_HITS
      })
    }
    if (hits.length === 0) return looked
    if (hits.length > MAX_HITS) return undefined
    if (looked.length > LONG) yield
    clean = replaced(looked, merged(hits))
  }
  return undefined
}

function replaced(text: string, hits: readonly Hit[]): string {
  const parts: string[] = []
  let at = 0
  for (const { start, end, replacement } of hits) {
    parts.push(text.slice(at, start), replacement)
    at = end
  }
  parts.push(text.slice(at))
  return parts.join('')
}

/** `[redacted:` and a name of at most 64 signs. */
const LONGEST_PLACEHOLDER = 75

/**
 * Tells of a text's hits which lie within a placeholder: a policy that forbids the word `key` would otherwise find it in `[redacted:gcp-api-key]`, and never
 * come to an end. Only the exact placeholders of the detectors are passed over, so nothing can be hidden in one.
 */
export function inPlaceholder(text: string, placeholders: ReadonlySet<string>): (hit: Hit) => boolean {
  if (!text.includes('[redacted:')) return () => false
  return hit => isWithin(text, hit, placeholders)
}

function isWithin(text: string, { start, end }: Hit, placeholders: ReadonlySet<string>): boolean {
  if (end - start > LONGEST_PLACEHOLDER) return false
  const from = Math.max(0, end - LONGEST_PLACEHOLDER)
  const opening = text.slice(from, start + 1).lastIndexOf('[')
  if (opening < 0) return false
  const closing = text.slice(start, from + opening + LONGEST_PLACEHOLDER).indexOf(']')
  if (closing < 0 || start + closing < end - 1) return false
  return placeholders.has(text.slice(from + opening, start + closing + 1))
}
