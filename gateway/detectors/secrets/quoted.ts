import { backslashesBefore, isClosing } from './surroundings.ts'

/** A value that its quotes bound. `end` is before the closing quote, or where what can be read of it ends; `reached` is how far was looked. */
export type Quoted = { readonly start: number; readonly end: number; readonly reached: number }

/** The longest value that is read, in UTF-16 units; no secret is longer. */
export const LONGEST_VALUE = 16_384
/** A quote that is not closed on its line is looked for so far beyond it. */
const BEYOND_LINE = 2048

/** Prefixes of literals (Python, C#, Rust, shells), tags of YAML, then the backslashes of a string within a string, and the quote. */
const opener =
  /(?:[bBrRuUfFlL]{1,2}(?=["'])|\$?@\$?(?=\\{0,15}")|\$(?=["'])|r?#{1,3}(?=\\{0,15}")|!{1,2}[\w:.-]{0,32} {1,4}(?=["']))?(\\{0,15})(["'`“”„«‘])/y
const closing: Readonly<Record<string, string>> = { '“': '”', '”': '”', '„': '“', '«': '»', '‘': '’' }

/** How a shell goes on after a quote: `'it'\''s'` and `'it'"'"'s'`. */
const shellQuotes = ["\\''", `"'"'`]
const rest = /[\w!@#%^*+.~$-]{0,512}/y

/** What stands in quotes at `at`, whatever language they are of. Empty quotes hold nothing. */
export function quotedAt(text: string, at: number): Quoted | undefined {
  opener.lastIndex = at
  const opened = opener.exec(text)
  if (opened === null) return bracketedAt(text, at)
  const level = opened[1]!.length
  const sign = opened[2]!
  const start = at + opened[0].length
  const unit = '\\'.repeat(level) + sign
  const looked = text.slice(0, Math.min(text.length, start + LONGEST_VALUE))
  if (looked.startsWith(unit, start)) return manifold(looked, start, unit)
  const { end, reached } = endOfQuote(looked, start, closing[sign] ?? sign, level)
  return end > start ? { start, end, reached } : undefined
}

/** Quotes that are brackets: `q{x}` of Perl, `%q(x)` of Ruby, `[[x]]` of Lua. */
const bracket = /(?:%[qQ]|qq?)([({[<|!])(?=[^\s)}\]>])|\[\[(?=[^\s"'[])/y
const bracketEnds: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']', '<': '>' }

function bracketedAt(text: string, at: number): Quoted | undefined {
  bracket.lastIndex = at
  const opened = bracket.exec(text)
  if (opened === null) return undefined
  const sign = opened[1]
  const start = at + opened[0].length
  const found = text.slice(start, start + BEYOND_LINE).indexOf(sign === undefined ? ']]' : (bracketEnds[sign] ?? sign))
  return found <= 0 ? undefined : { start, end: start + found, reached: start + found }
}

/** Three quotes of Python and TOML, or two of CSV, as one. */
function manifold(text: string, from: number, unit: string): Quoted | undefined {
  const isTriple = text.startsWith(unit, from + unit.length)
  const start = from + unit.length * (isTriple ? 2 : 1)
  if (!isTriple && !/^[^\s,;:)\]}\\]/.test(text.slice(start, start + 1))) return undefined
  const found = text.indexOf(unit.repeat(isTriple ? 3 : 2), start)
  const end = found < 0 ? text.length : found
  return end > start ? { start, end, reached: end } : undefined
}

/** Where the string ends that a quote opened before `start`. */
export function endOfQuote(text: string, start: number, sign: string, level: number): Omit<Quoted, 'start'> {
  const looked = text.slice(0, Math.min(text.length, start + LONGEST_VALUE))
  const found = closingQuote(looked, start, sign, level)
  const line = looked.indexOf('\n', start)
  const lineEnd = line < 0 ? looked.length : line
  const reached = found < 0 ? looked.length : found
  if (found < 0 || (found > lineEnd && sign !== '`' && found - lineEnd > BEYOND_LINE)) return { end: lineEnd, reached }
  return { end: level > 0 || sign === '`' ? found : joinedEnd(looked, found), reached }
}

/** A shell joins what follows a quote without a blank: `'abc'def`. */
function joinedEnd(text: string, found: number): number {
  rest.lastIndex = found + 1
  const joined = /^\w/.test(text.slice(found + 1, found + 2)) ? (rest.exec(text)?.[0].length ?? 0) : 0
  return joined === 0 ? found : found + 1 + joined
}

function closingQuote(text: string, start: number, sign: string, level: number): number {
  for (let at = text.indexOf(sign, start); at >= 0; at = text.indexOf(sign, at + 1)) {
    const backslashes = backslashesBefore(text, at, start)
    if (!isClosing(backslashes, level)) continue
    // Doubled, it stands for itself (YAML, SQL, CSV).
    if (level === 0 && text[at + 1] === sign) at += 1
    else if (level === 0 && sign === "'" && shellQuotes.some(more => text.startsWith(more, at + 1)))
      at += text[at + 1] === '\\' ? 3 : 4
    else return at - Math.min(backslashes, level)
  }
  return -1
}
