import { LONGEST_VALUE } from './quoted.ts'
import { backslashesBefore, isClosing, type Quote, type SecretSurroundings } from './surroundings.ts'

const run = /\S{1,16384}/y

/** A blank, or the end of a line and the beginning of the next one. */
const continued = / |\r?\n[ \t]{0,64}(?=\S)/y

/** The place behind the signs that are no white space; one that a backslash precedes ends no word of a shell or of properties. */
export function endOfRun(text: string, start: number): number {
  const most = Math.min(text.length, start + LONGEST_VALUE)
  let end = start
  for (;;) {
    run.lastIndex = end
    const found = run.exec(text)
    if (found === null) return end
    end += found[0].length
    if (end >= most || text[end - 1] !== '\\') return Math.min(end, most)
    continued.lastIndex = end
    const more = continued.exec(text)
    if (more === null) return end
    end += more[0].length
  }
}

const ending = /["'`\\&#;,<]/g

/** What follows, if it is a part of a list of the form `a=b,c=d`. */
const member = /,\s{0,4}["']?[\w.-]{1,64}["']?\s{0,4}[:=]/y
const tag = /<(?:\/|br\b)/iy

/** Where the run that begins at `start` ends by what it lies within: the quotes around it, a query, a list of settings, an element. */
export function cutRun(text: string, start: number, to: number, { quotes, before }: SecretSurroundings): number {
  for (const { 0: sign, index } of text.slice(start, to).matchAll(ending)) {
    const at = start + index
    if (quotes.length > 0 && endsQuote(text, start, at, quotes)) return at - backslashesBefore(text, at, start)
    if (sign === '\\' && isLineBreak(text, start, at, quotes.at(-1))) return at
    if (endsMember(text, at, before)) return at
  }
  return to
}

/** What ends a member of a list of settings, by the sign before its name, and what ends the content of an element. */
function endsMember(text: string, at: number, before: string): boolean {
  switch (text.charAt(at)) {
    case '&':
    case '#':
      return before === '?' || before === '&' || before === '#'
    case ';':
      return before === ';'
    case ',':
      return before === ',' && matches(member, text, at)
    case '<':
      return matches(tag, text, at)
    default:
      return false
  }
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

function endsQuote(text: string, start: number, at: number, quotes: readonly Quote[]): boolean {
  const sign = text[at]!
  if (sign !== '"' && sign !== "'" && sign !== '`') return false
  return quotes.some(quote => quote.sign === sign && isClosing(backslashesBefore(text, at, start), quote.level))
}

/** `\n` within a string, with as many backslashes as its level asks for. */
function isLineBreak(text: string, start: number, at: number, quote: Quote | undefined): boolean {
  if (quote?.sign !== '"' || (at > start && text[at - 1] === '\\')) return false
  const { level } = quote
  let end = at
  while (text[end] === '\\') end++
  const letter = text[end]
  return (letter === 'n' || letter === 'r' || letter === 't') && (end - at) % (2 * (level + 1)) === level + 1
}

/** Without the signs of the sentence or the brackets that the run closes. */
export function trimmedEnd(text: string, start: number, end: number, around: SecretSurroundings): number {
  if (around.startsLine) return end
  let closers = around.closers
  let to = end
  while (to > start) {
    const sign = text[to - 1]!
    const opening = openers[sign]
    if (sign === ',' || sign === ';' || sign === '.') to--
    else if (closers.endsWith(sign) && opening !== undefined && !text.slice(start, to).includes(opening)) {
      closers = closers.slice(0, -1)
      to--
    } else return to
  }
  return to
}

const openers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

const nextWord = /[ \t]{1,2}(?:[&,+*~^%$!?-][ \t]{1,2})?(?![-/(])(\S{4,256})(?=\s|$)/y
const isPart = /\p{L}.{0,256}[\d!@$%^*?~+&]|[\d!@$%^*?~+&].{0,256}\p{L}/u

/** A value without quotes may go on behind a blank: with words that look like pieces of a password and not like those of a sentence or command. */
export function withFurtherWords(text: string, end: number, around: SecretSurroundings): number {
  let to = end
  for (let count = 0; count < 8; count++) {
    nextWord.lastIndex = to
    const found = nextWord.exec(text)
    if (found === null) return to
    const wordEnd = to + found[0].length
    const start = wordEnd - found[1]!.length
    const cut = cutRun(text, start, wordEnd, around)
    const word = text.slice(start, cut)
    if (word.length < 4 || !isPart.test(word) || word.includes('=') || word.includes('://')) return to
    to = cut
    if (cut < wordEnd) return to
  }
  return to
}

/** The end of the line without a comment and blanks: the value of a setting in a line of its own (YAML, INI, headers). */
export function endOfSetting(text: string, start: number): number {
  const looked = text.slice(start, start + LONGEST_VALUE)
  const line = looked.indexOf('\n')
  const value = line < 0 ? looked : looked.slice(0, line)
  const comment = value.search(/[ \t][#;]/)
  return start + (comment < 0 ? value : value.slice(0, comment)).trimEnd().length
}

/** The place behind a block scalar of YAML (`|`, `>`) whose lines stand deeper than `column`; `start` is its first letter. */
export function blockScalar(text: string, at: number, column: number): { start: number; end: number } | undefined {
  const head = /[|>][+-]?\d?[+-]?[ \t]{0,8}\r?\n/y
  head.lastIndex = at
  const opened = head.exec(text)
  if (opened === null) return undefined
  const from = at + opened[0].length
  let end = from
  while (end < text.length && end - from < LONGEST_VALUE) {
    const line = text.slice(end, end + LONGEST_VALUE).indexOf('\n')
    const next = line < 0 ? text.length : end + line + 1
    const blanks = /^[ ]{0,256}/.exec(text.slice(end, next))![0].length
    if (blanks <= column && text.slice(end, next).trim() !== '') break
    end = next
  }
  const value = text.slice(from, end)
  const start = from + value.length - value.trimStart().length
  return start < end ? { start, end: from + value.trimEnd().length } : undefined
}
