import { endOfQuote, quotedAt } from './quoted.ts'
import type { Stretch } from './rule.ts'
import { endOfRun } from './unquoted.ts'
import { endOfWord, wholeWord } from './value.ts'

const startOf = ({ 0: match, 1: group, index }: RegExpExecArray): number =>
  index + match.length - (group === undefined ? 0 : group.length)

/** From the first group on to where the word ends by what it lies within; its own quote, if it has one, counts. */
export function wordFrom(text: string, match: RegExpExecArray): Stretch {
  const start = startOf(match)
  const end = endOfRun(text, start)
  return wholeWord(text, { start, end, form: 'word', reached: end }, { name: start, sign: '' })
}

const quote = /(\\{0,15})(["'])/g

/** What stands behind the colon of `-u user:password`: within the quotes that began before the user, in quotes of its own, or a word. */
export function wordOfUser(text: string, match: RegExpExecArray): Stretch | undefined {
  const start = startOf(match)
  const [first, second] = match[0].matchAll(quote)
  const end =
    first === undefined || second !== undefined
      ? endOfWord(text, start)
      : endOfQuote(text, start, first[2]!, first[1]!.length).end
  const own = first === undefined || second !== undefined ? quotedAt(text, start) : undefined
  const stretch = own ?? { start, end }
  return stretch.end - stretch.start < 3 ? undefined : { start: stretch.start, end: stretch.end }
}

/** The argument behind a flag: in quotes, or a word. */
export function argument(text: string, match: RegExpExecArray): Stretch | undefined {
  const start = startOf(match)
  const quoted = quotedAt(text, start)
  if (quoted !== undefined) return { start: quoted.start, end: quoted.end }
  const end = endOfWord(text, start)
  return end - start < 3 ? undefined : { start, end }
}

/** `user:` and the password before an address that does not begin with a scheme. */
export function passwordBefore(text: string, { index }: RegExpExecArray): Stretch | undefined {
  const before = /(?:^|[\s"'`=])[\w.-]{1,64}:([^\s"'`]{3,256})$/.exec(text.slice(Math.max(0, index - 330), index))
  return before === null ? undefined : { start: index - before[1]!.length, end: index }
}

/** So much of a key must stand before its end. */
const LEAST_OF_KEY = 40
const LONGEST_KEY = 16_384

/** The base64 before `-----END … PRIVATE KEY-----`. */
export function keyBefore(text: string, { 0: match, index }: RegExpExecArray): Stretch | undefined {
  const from = Math.max(0, index - LONGEST_KEY)
  let start = index
  while (start > from && /[\w+/=\s\\]/.test(text[start - 1]!)) start--
  while (/\s/.test(text[start]!)) start++
  return index - start < LEAST_OF_KEY ? undefined : { start, end: index + match.length }
}

const LONGEST_BLOCK = 8192

/** From the first value of a Secret's data to the last: to the closing brace in JSON, while lines stand as deep in YAML. */
export function blockOfSecret(text: string, match: RegExpExecArray): Stretch {
  const start = startOf(match)
  const looked = text.slice(0, start + LONGEST_BLOCK)
  const behind = text.slice(Math.max(0, start - 256), start)
  const first = start - behind.length + behind.lastIndexOf('\n') + 1
  const indent = /^[ ]{0,64}/.exec(looked.slice(first, first + 64))![0].length
  const line = looked.slice(first, start)
  const close = looked.indexOf('}', start)
  if (line.includes('{') || line.trimStart().startsWith('"')) return { start, end: close < 0 ? looked.length : close }
  let end = endOfLine(looked, start)
  if (indent === 0) return { start, end }
  while (end < looked.length && looked.startsWith(' '.repeat(indent), end + 1)) end = endOfLine(looked, end + 1)
  return { start, end }
}

function endOfLine(text: string, from: number): number {
  const found = text.indexOf('\n', from)
  return found < 0 ? text.length : found
}
