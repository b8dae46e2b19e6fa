import { type Hit, merged } from '../../detectors/detector.ts'
import type { Steps } from '../../exchange.ts'
import { findHits } from './find.ts'
import type { Watcher } from './watch.ts'

/** A replacement can make a new finding with what stands beside it; if that has not ended after so many rounds, nothing is replaced. */
const MAX_ROUNDS = 4

/** Of texts that are longer, each part of the work is a step of its own. */
const LONG = 1 << 16

/** The text without what the watchers find in it, or undefined when it cannot be made clean. */
export function* redacted(
  text: string,
  key: string | undefined,
  redacting: readonly Watcher[],
  placeholders: ReadonlySet<string>,
): Steps<string | undefined> {
  let clean = text
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const hits: Hit[] = []
    for (const { detector } of redacting) {
      if (clean.length > LONG) yield
      hits.push(...withoutPlaceholders(clean, yield* findHits(detector, clean, key), placeholders))
    }
    if (hits.length === 0) return clean
    if (clean.length > LONG) yield
    clean = replaced(clean, merged(hits))
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

/**
 * The hits but those that lie within a placeholder: a policy that forbids the word `key` would otherwise find it in `[redacted:gcp-api-key]`,
 * and never come to an end. Only the exact placeholders of the detectors are passed over, so nothing can be hidden in one.
 */
export function withoutPlaceholders(
  text: string,
  hits: readonly Hit[],
  placeholders: ReadonlySet<string>,
): readonly Hit[] {
  if (hits.length === 0 || !text.includes('[redacted:')) return hits
  const safe = [...text.matchAll(/\[redacted:[a-z0-9-]{1,64}\]/g)].filter(([found]) => placeholders.has(found))
  let next = 0
  // Both are in order of place, so one pass over both tells which hits lie within.
  return hits.filter(hit => {
    while (next < safe.length && safe[next]!.index + safe[next]![0].length < hit.end) next++
    return next >= safe.length || hit.start < safe[next]!.index
  })
}
