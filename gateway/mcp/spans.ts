import {
  closeBracket,
  comma,
  openBrace,
  openBracket,
  quote,
  scalarEnd,
  skipSpace,
  stringEnd,
  valueEnd,
} from './tokens.ts'
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
    const nameSpan = { start: at, end: stringEnd(bytes, at + 1) }
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
  walk(bytes, span.start, visit, [])
}

/** One pass over the bytes whatever the depth. @returns the byte after the value that begins at `start` */
function walk(bytes: Buffer, start: number, visit: Visit, path: (string | number)[]): number {
  const first = bytes[start]
  if (first === openBrace) return walkObject(bytes, start, visit, path)
  if (first === openBracket) return walkArray(bytes, start, visit, path)
  if (first !== quote) return scalarEnd(bytes, start + 1)
  const span = { start, end: stringEnd(bytes, start + 1) }
  visit(textOf(bytes, span), span, path, false)
  return span.end
}

function walkObject(bytes: Buffer, start: number, visit: Visit, path: (string | number)[]): number {
  let at = skipSpace(bytes, start + 1)
  while (bytes[at] === quote) {
    const span = { start: at, end: stringEnd(bytes, at + 1) }
    const name = textOf(bytes, span)
    path.push(name)
    visit(name, span, path, true)
    at = nextItem(bytes, walk(bytes, skipSpace(bytes, skipSpace(bytes, span.end) + 1), visit, path))
    path.pop()
  }
  return at + 1
}

function walkArray(bytes: Buffer, start: number, visit: Visit, path: (string | number)[]): number {
  let at = skipSpace(bytes, start + 1)
  for (let index = 0; at < bytes.length && bytes[at] !== closeBracket; index++) {
    path.push(index)
    at = nextItem(bytes, walk(bytes, at, visit, path))
    path.pop()
  }
  return at + 1
}

/** Steps from the end of an item over a comma to the next, or to the bracket that closes. */
function nextItem(bytes: Buffer, end: number): number {
  const at = skipSpace(bytes, end)
  return bytes[at] === comma ? skipSpace(bytes, at + 1) : at
}
