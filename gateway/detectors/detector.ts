import type { Steps } from '../exchange.ts'

/** A place in a text, in UTF-16 code units, `end` exclusive. */
export type Hit = {
  readonly start: number
  readonly end: number
  /** What fired: the name of a secret rule, `keyword 3`. Safe to log, never the text itself. */
  readonly rule: string
  /** What stands in its place under Redact; one of the detector's `placeholders`. */
  readonly replacement: string
}

/** Looks at one text. Pure: the same text gives the same hits, no matter who sent it. */
export type Detector = {
  readonly name: string
  /**
   * Lowercase printable ASCII. When none of them (and nothing `together`) occurs in a text of printable ASCII and white space (nor in its key), ignoring case, `find`
   * has nothing to find there and need not be asked. Absent: it must always be asked.
   */
  readonly literals?: readonly string[]
  /** Signs of which all must occur, anywhere in the text, to count like one of the `literals`: ASCII without letters, the rarest first. */
  readonly together?: readonly (readonly string[])[]
  /** Every replacement that a hit of this detector can carry. What lies inside of one is not looked at again. */
  readonly placeholders: readonly string[]
  /** `key` is the name of the JSON member that holds the text, where there is one: context for the judgement, not part of the text. */
  find(text: string, key?: string): readonly Hit[]
  /** The same in steps of a few milliseconds, where 64 KB can take longer. */
  findInSteps?(text: string, key?: string): Steps<readonly Hit[]>
}

/** Joins hits that overlap into one that covers them all, named after the first of them. Sorted by place. */
export function merged(hits: readonly Hit[]): readonly Hit[] {
  if (areApart(hits)) return hits
  const sorted = [...hits].sort((a, b) => a.start - b.start || b.end - a.end)
  const result: Hit[] = []
  for (const hit of sorted) {
    const last = result.at(-1)
    if (last === undefined || hit.start >= last.end) result.push(hit)
    else if (hit.end > last.end) result[result.length - 1] = { ...last, end: hit.end }
  }
  return result
}

function areApart(hits: readonly Hit[]): boolean {
  for (let at = 1; at < hits.length; at++) if (hits[at]!.start < hits[at - 1]!.end) return false
  return true
}

/**
 * The same while hits come in, in order of where they end: what a text full of overlapping hits holds in memory is what is left of them.
 * Sorted, and apart from each other, if they came in order; else `merged` has to go over the rest.
 */
export class Merging {
  readonly hits: Hit[] = []

  add(hit: Hit): void {
    let joined = hit
    for (let last = this.hits.at(-1); last !== undefined && overlap(last, joined); last = this.hits.at(-1)) {
      const named = joined.start <= last.start ? joined : last
      joined = { ...named, start: Math.min(last.start, joined.start), end: Math.max(last.end, joined.end) }
      this.hits.pop()
    }
    this.hits.push(joined)
  }
}

const overlap = (a: Hit, b: Hit): boolean => a.start < b.end && b.start < a.end
