import { isAscii, isUtf8 } from 'node:buffer'
import type { ErrorCode } from '../errors.ts'
import type { ReadLimits } from '../exchange.ts'
import { buildJson } from './build.ts'
import { duplicateIn } from './duplicate.ts'
import type { RuleSet } from './rules.ts'
import { backslash, close, colon, kinds, open, scalar, scalarEnd, skipSpace, string, stringEnd } from './tokens.ts'

/** What one pass over the bytes tells before anything is allocated for them. */
export type Scan = {
  values: number
  /** Members of all objects, each spelling counted: JSON.parse keeps fewer exactly where a name occurs twice. */
  members: number
  /** Deepest nesting of containers. */
  depth: number
  /** An escape of the form \uD800 to \uDFFF occurs. */
  surrogates: boolean
  /** Members of the outermost container called `id` in any mixture of cases, spelled without escapes. */
  ids: number
  /** Where the value of the last member spelled exactly `id` begins, or -1. */
  idAt: number
  /** A name, in whatever object, is spelled with an escape: `ids` may have missed one, and JSON.parse may read it wrongly. */
  escapedName: boolean
}

export type Json = {
  readonly value: unknown
  /** The same characters; where `ascii`, an offset in one is an offset in the other. */
  readonly text: string
  readonly ascii: boolean
  readonly plain: boolean
  readonly scan: Scan
}

export type Refusal = { readonly code: ErrorCode; readonly detail: string; readonly scan?: Scan }

/**
 * Reads bytes as JSON so that no second parser could have read them otherwise (RFC 8259 sections 4, 6, 8.1, 8.2): UTF-8 without a mark,
 * no name twice in an object, no half of a surrogate pair, no number beyond the range of a double. Values and depth are counted before
 * JSON.parse allocates for them.
 */
export function readJson(bytes: Buffer, limits: ReadLimits, rules: RuleSet): Json | Refusal {
  if (rules.size && bytes.length > limits.maxBytes) {
    return { code: 'PayloadTooLarge', detail: `${bytes.length} bytes, allowed ${limits.maxBytes}` }
  }
  const ascii = isAscii(bytes)
  if (!ascii) {
    const reason = badEncoding(bytes, rules)
    if (reason !== undefined) return { code: 'AmbiguousMessage', detail: reason }
  }
  const escapes = bytes.includes(backslash)
  const scan = scanJson(bytes, escapes)
  const reason = tooComplex(scan, limits, rules)
  if (reason !== undefined) return { code: 'TooComplex', detail: reason, scan }
  const text = bytes.toString(ascii ? 'latin1' : 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
    if (rules.escapedNames && scan.escapedName) value = buildJson(text)
  } catch {
    // The message of the SyntaxError quotes the body, which belongs in no log.
    return { code: 'ParseError', detail: 'not JSON' }
  }
  const fault = misread(value, scan, rules)
  if (fault !== undefined) return { code: 'AmbiguousMessage', detail: placed(fault, bytes), scan }
  return { value, text, ascii, plain: ascii && !escapes, scan }
}

function badEncoding(bytes: Buffer, rules: RuleSet): string | undefined {
  if (rules.bom && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'byte order mark'
  if (rules.utf8 && !isUtf8(bytes)) return 'invalid UTF-8'
  return undefined
}

function tooComplex(scan: Scan, limits: ReadLimits, rules: RuleSet): string | undefined {
  if (rules.values && scan.values > limits.maxValues) return `${scan.values} values, allowed ${limits.maxValues}`
  if (rules.depth && scan.depth > limits.maxDepth) return `depth ${scan.depth}, allowed ${limits.maxDepth}`
  return undefined
}

/** One pass, no stack, no allocation per token. Counts are exact for JSON; for anything else JSON.parse refuses right after. */
export function scanJson(bytes: Buffer, escapes: boolean): Scan {
  const scan: Scan = { values: 0, members: 0, depth: 0, surrogates: false, ids: 0, idAt: -1, escapedName: false }
  const length = bytes.length
  let depth = 0
  let i = 0
  while (i < length) {
    const kind = kinds[bytes[i] as number]
    if (kind === string) {
      i = scanString(bytes, i + 1, escapes, depth, scan)
    } else if (kind === scalar) {
      scan.values++
      i = scalarEnd(bytes, i + 1)
    } else {
      if (kind === open) {
        scan.values++
        if (++depth > scan.depth) scan.depth = depth
      } else if (kind === close) depth--
      i++
    }
  }
  if (escapes) scan.surrogates = hasSurrogateEscape(bytes)
  return scan
}

function scanString(bytes: Buffer, start: number, escapes: boolean, depth: number, scan: Scan): number {
  const end = stringEnd(bytes, start)
  let next = end
  if (bytes[next] !== colon) {
    next = skipSpace(bytes, end)
    if (bytes[next] !== colon) {
      scan.values++
      return next
    }
  }
  scan.members++
  if (escapes && !scan.escapedName) scan.escapedName = hasBackslash(bytes, start, end)
  if (depth === 1 && end - start === 3) topName(bytes, start, next + 1, scan)
  return next + 1
}

function hasBackslash(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === backslash) return true
  return false
}

/** Notes a member of the outermost container whose name has two bytes, if it could be the id. */
function topName(bytes: Buffer, start: number, next: number, scan: Scan): void {
  const first = bytes[start] as number
  const second = bytes[start + 1] as number
  if ((first | 0x20) !== 0x69 || (second | 0x20) !== 0x64) return
  scan.ids++
  if (first === 0x69 && second === 0x64) scan.idAt = skipSpace(bytes, next)
}

/** May also answer true for an escaped backslash before `uD8`: it only decides whether strings are looked at one by one. */
function hasSurrogateEscape(bytes: Buffer): boolean {
  for (const mark of ['\\ud', '\\uD']) {
    for (let at = bytes.indexOf(mark, 0, 'latin1'); at !== -1; at = bytes.indexOf(mark, at + 3, 'latin1')) {
      const digit = (bytes[at + 3] ?? 0) | 0x20
      if (digit === 0x38 || digit === 0x39 || (digit >= 0x61 && digit <= 0x66)) return true
    }
  }
  return false
}

type Walk = { members: number; fault: string | undefined; readonly surrogates: boolean; readonly overflow: boolean }

function misread(value: unknown, scan: Scan, rules: RuleSet): string | undefined {
  const walk: Walk = {
    members: 0,
    fault: undefined,
    surrogates: rules.surrogates && scan.surrogates,
    overflow: rules.overflow,
  }
  visit(value, walk)
  if (walk.fault !== undefined) return walk.fault
  return rules.duplicates && walk.members !== scan.members ? twice : undefined
}

const twice = 'a name occurs twice in an object'

function placed(fault: string, bytes: Buffer): string {
  const place = fault === twice ? duplicateIn(bytes) : undefined
  return place === undefined ? fault : `${fault}, at byte ${place}`
}

function visit(value: unknown, walk: Walk): void {
  if (typeof value === 'object') {
    if (value === null) return
    if (Array.isArray(value)) for (let i = 0; i < value.length; i++) visit(value[i], walk)
    else visitObject(value as Record<string, unknown>, walk)
  } else if (typeof value === 'string') {
    if (walk.surrogates && !value.isWellFormed()) walk.fault = 'lone surrogate'
  } else if (typeof value === 'number' && walk.overflow && !Number.isFinite(value)) {
    walk.fault = 'number beyond the range of a double'
  }
}

function visitObject(value: Record<string, unknown>, walk: Walk): void {
  // `__proto__` out of JSON.parse is an own member like any other, for the loop and for the read.
  for (const name in value) {
    walk.members++
    if (walk.surrogates && !name.isWellFormed()) walk.fault = 'lone surrogate in a name'
    visit(value[name], walk)
  }
}
