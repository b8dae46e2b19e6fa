import { backslash, openBrace, openBracket, quote, skipSpace, stringEnd, valueEnd } from './tokens.ts'
import type { Span } from './tokens.ts'

export type { Span } from './tokens.ts'

/**
 * Byte-level access to messages that the reader has accepted. Everything here assumes that the bytes are JSON without duplicate names; on
 * other bytes the answers mean nothing, though every function ends.
 */

export type Member = { readonly name: string; readonly nameSpan: Span; readonly value: Span }

/** The span of the one value that `bytes` hold, without white space around it. */
export function root(bytes: Buffer): Span {
  const start = skipSpace(bytes, 0)
  return { start, end: valueEnd(bytes, start) }
}

/** The decoded text of the string whose span, quotes included, is given. */
export function textOf(bytes: Buffer, span: Span): string {
  const inside = bytes.toString('utf8', span.start + 1, span.end - 1)
  return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside
}

/** The members of the object at `span` in their order; none if it is no object. */
export function* members(bytes: Buffer, span: Span): Generator<Member, void> {
  if (bytes[span.start] !== openBrace) return
  let at = skipSpace(bytes, span.start + 1)
  while (at < span.end && bytes[at] === quote) {
    const nameSpan = { start: at, end: stringEnd(bytes, at + 1, true) }
    const start = skipSpace(bytes, skipSpace(bytes, nameSpan.end) + 1)
    const value = { start, end: valueEnd(bytes, start) }
    yield { name: textOf(bytes, nameSpan), nameSpan, value }
    at = skipSpace(bytes, skipSpace(bytes, value.end) + 1)
  }
}

/** The elements of the array at `span`; none if it is no array. */
export function elements(bytes: Buffer, span: Span): Span[] {
  const found: Span[] = []
  if (bytes[span.start] !== openBracket) return found
  let at = skipSpace(bytes, span.start + 1)
  while (at < span.end - 1) {
    const end = valueEnd(bytes, at)
    if (end === at) break
    found.push({ start: at, end })
    at = skipSpace(bytes, skipSpace(bytes, end) + 1)
  }
  return found
}

/** The value that `path` leads to through objects. Names are compared decoded: `"\u0069d"` is `id`. */
export function member(bytes: Buffer, path: readonly string[]): Span | undefined {
  let span: Span | undefined = root(bytes)
  for (const name of path) {
    span = memberOf(bytes, span, name)?.value
    if (span === undefined) return undefined
  }
  return span
}

/** The member called `name` of the object at `span`. */
export function memberOf(bytes: Buffer, span: Span, name: string): Member | undefined {
  for (const found of members(bytes, span)) if (found.name === name) return found
  return undefined
}

export type Path = readonly (string | number)[]

export type Visit = (text: string, span: Span, path: Path, isName: boolean) => void

/**
 * Calls `visit` for every string value and every member name within the value at `span`, in the order of the bytes. `span` includes the
 * quotes; `path` is that of the value, or of the member whose name it is, and is only good during the call.
 */
export function eachString(bytes: Buffer, span: Span, visit: Visit): void {
  walk(bytes, span, visit, [])
}

function walk(bytes: Buffer, span: Span, visit: Visit, path: (string | number)[]): void {
  const first = bytes[span.start]
  if (first === quote) {
    visit(textOf(bytes, span), span, path, false)
  } else if (first === openBrace) {
    for (const { name, nameSpan, value } of members(bytes, span)) {
      path.push(name)
      visit(name, nameSpan, path, true)
      walk(bytes, value, visit, path)
      path.pop()
    }
  } else if (first === openBracket) {
    let index = 0
    for (const element of elements(bytes, span)) {
      path.push(index++)
      walk(bytes, element, visit, path)
      path.pop()
    }
  }
}

/** Whether the string at `span` is spelled with escapes: offsets in its text are then not offsets in the bytes. */
export const isEscaped = (bytes: Buffer, span: Span): boolean =>
  bytes.subarray(span.start, span.end).includes(backslash)
