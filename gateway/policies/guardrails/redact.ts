import { type Hit, merged } from '../../detectors/detector.ts'
import { eachString, root } from '../../mcp/spans.ts'
import { type Edit, replaceSpan, splice } from '../../mcp/splice.ts'
import type { Change } from './inspect.ts'
import type { Watcher } from './watch.ts'

/** A replacement can make a new finding with what stands beside it; if that has not ended after so many rounds, nothing is replaced. */
const MAX_ROUNDS = 4

/** The text without what the watchers find in it, or undefined when it cannot be made clean. */
export function redacted(
  text: string,
  key: string | undefined,
  redacting: readonly Watcher[],
  all: readonly Watcher[],
): string | undefined {
  let clean = text
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const hits = redacting.flatMap(({ detector }) => withoutPlaceholders(clean, detector.find(clean, key), all))
    if (hits.length === 0) return clean
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
export function withoutPlaceholders(text: string, hits: readonly Hit[], watchers: readonly Watcher[]): readonly Hit[] {
  if (hits.length === 0 || !text.includes('[redacted')) return hits
  const safe: { readonly start: number; readonly end: number }[] = []
  for (const placeholder of new Set(watchers.flatMap(({ detector }) => detector.placeholders))) {
    for (let at = text.indexOf(placeholder); at >= 0; at = text.indexOf(placeholder, at + 1)) {
      safe.push({ start: at, end: at + placeholder.length })
    }
  }
  return hits.filter(hit => !safe.some(({ start, end }) => start <= hit.start && hit.end <= end))
}

/** The message with every change made. Only the tokens of the changed strings differ; each is written as JSON anew. */
export function rewrite(bytes: Buffer, changes: readonly Change[]): Buffer {
  const wanted = new Map(changes.map(({ path, to }) => [JSON.stringify(path), to]))
  const originals = new Set(changes.map(({ from }) => from))
  const edits: Edit[] = []
  eachString(bytes, root(bytes), (text, span, path, isName) => {
    // Most strings are not to be changed, and the path costs more to spell than the text to look up.
    const to = isName || !originals.has(text) ? undefined : wanted.get(JSON.stringify(path))
    if (to !== undefined) edits.push(replaceSpan(span, JSON.stringify(to)))
  })
  if (edits.length !== wanted.size) throw new Error('a string that was judged is not in the message')
  return splice(bytes, edits)
}
