import type { Span } from './spans.ts'
import { elements, memberOf, members } from './spans.ts'
import { openBrace } from './tokens.ts'

/** Bytes to put in place of a range; an empty range inserts. */
export type Edit = Span & { readonly bytes: Buffer }

export const replaceSpan = (span: Span, text: string): Edit => ({
  start: span.start,
  end: span.end,
  bytes: Buffer.from(text),
})

/**
 * The bytes with all edits made; every other byte stays as it was.
 * @param edits sorted by start and not overlapping, or it throws: an edit in the wrong place would forge a message
 */
export function splice(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes
  const parts: Buffer[] = []
  let at = 0
  for (const edit of edits) {
    if (edit.start < at || edit.end < edit.start || edit.end > bytes.length)
      throw new RangeError('edits overlap or are not sorted')
    parts.push(bytes.subarray(at, edit.start), edit.bytes)
    at = edit.end
  }
  parts.push(bytes.subarray(at))
  return Buffer.concat(parts)
}

const nothing = Buffer.alloc(0)

/** Edits that remove the spans whose index is not kept, each with one comma, so that what is left is a list again. */
function removeListed(spans: readonly Span[], keep: (index: number) => boolean): Edit[] {
  const edits: Edit[] = []
  let previous = -1
  let dropped: number | undefined
  const drop = (start: number, end: number) => edits.push({ start, end, bytes: nothing })
  spans.forEach((span, index) => {
    if (!keep(index)) {
      dropped ??= span.start
      return
    }
    // Between two that stay, the comma before the first dropped one remains; before the first that stays, everything dropped goes.
    if (dropped !== undefined) drop(dropped, span.start)
    dropped = undefined
    previous = span.end
  })
  const last = spans.at(-1)
  if (dropped !== undefined && last !== undefined) drop(previous === -1 ? dropped : previous, last.end)
  return edits
}

/** Edits that remove the elements of the array at `span` for which `keep` is false. */
export const removeElements = (bytes: Buffer, span: Span, keep: (index: number) => boolean): Edit[] =>
  removeListed(elements(bytes, span), keep)

/**
 * The edit that gives the object at `span` a member: replaces its value, or adds it as the first.
 * @param json the value as JSON text
 */
export function setMember(bytes: Buffer, span: Span, name: string, json: string): Edit {
  if (bytes[span.start] !== openBrace) throw new TypeError('not an object')
  const found = memberOf(bytes, span, name)
  if (found !== undefined) return replaceSpan(found.value, json)
  const start = span.start + 1
  const comma = members(bytes, span).next().done === true ? '' : ','
  return { start, end: start, bytes: Buffer.from(`${JSON.stringify(name)}:${json}${comma}`) }
}
