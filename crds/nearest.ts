/** Number of single-letter edits (insert, remove, change, swap of neighbours) between two words. */
function distance(left: string, right: string): number {
  let before: number[] = []
  let above = Array.from({ length: right.length + 1 }, (_, at) => at)
  for (let row = 1; row <= left.length; row++) {
    const line = [row]
    for (let at = 1; at <= right.length; at++) {
      const changed = above[at - 1]! + (left[row - 1] === right[at - 1] ? 0 : 1)
      line[at] = Math.min(changed, above[at]! + 1, line[at - 1]! + 1)
      const swapped = left[row - 1] === right[at - 2] && left[row - 2] === right[at - 1]
      if (swapped && row > 1 && at > 1) line[at] = Math.min(line[at]!, before[at - 2]! + 1)
    }
    before = above
    above = line
  }
  return above[right.length]!
}

/** `secret` for `secretName`, `keywords` for `keyword`: one word is all of the other but for its end. */
const isBeginning = (typed: string, known: string): boolean =>
  Math.min(typed.length, known.length) >= 4 && (known.startsWith(typed) || typed.startsWith(known))

/** The known name that a mistyped one most likely means, or undefined when none is near. Letter case does not count. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const typed = name.slice(0, 64).toLowerCase()
  const begun = [...known].filter(candidate => isBeginning(typed, candidate.toLowerCase()))
  if (begun.length === 1) return begun[0]
  let best: string | undefined
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1
  for (const candidate of known) {
    const edits = distance(typed, candidate.toLowerCase())
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}
