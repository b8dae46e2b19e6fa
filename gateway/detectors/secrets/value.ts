import { LONGEST_VALUE, quotedAt } from './quoted.ts'
import { type Surroundings, surroundings } from './surroundings.ts'
import { blockScalar, cutRun, endOfRun, endOfSetting, trimmedEnd, withFurtherWords } from './unquoted.ts'

/** A value where its syntax ends. `reached` is how far was looked for its end. */
export type Value = {
  readonly start: number
  readonly end: number
  readonly form: 'quoted' | 'word'
  readonly reached: number
}

/** Where a value is assigned: where its name begins, and the sign between both. */
export type Place = { readonly name: number; readonly sign: string }

/** The content of an element is read up to the next tag. */
function elementAt(text: string, at: number): Value | undefined {
  const looked = text.slice(at, at + LONGEST_VALUE)
  const data = looked.startsWith('<![CDATA[')
  const start = data ? 9 : 0
  const end = data ? looked.indexOf(']]>') : looked.indexOf('</')
  if (end <= start) return undefined
  return { start: at + start, end: at + end, form: 'quoted', reached: at + end }
}

const braced = /\{((?:[^{}\n]|\}\}){1,512})\}/y

/** ODBC puts a value into braces. */
function bracedAt(text: string, at: number, before: string): Value | undefined {
  braced.lastIndex = at
  const found = braced.exec(text)
  if (found === null || (before !== ';' && text[at + found[0].length] !== ';')) return undefined
  const end = at + found[0].length - 1
  return { start: at + 1, end, form: 'quoted', reached: end }
}

/** What is assigned at `at`, up to the first blank where no quote, element or block says more: enough to judge by whether it is a secret. */
export function firstOf(text: string, at: number, { name, sign }: Place): Value | undefined {
  if (sign.endsWith('>') && !sign.endsWith('=>')) return elementAt(text, at)
  const quoted = quotedAt(text, at)
  if (quoted !== undefined) return { ...quoted, form: 'quoted' }
  if (text[at] === '{' && sign === '=') return bracedAt(text, at, surroundings(text, name).before)
  if (sign.includes(':') && (text[at] === '|' || text[at] === '>')) {
    const behind = text.slice(Math.max(0, name - 256), name)
    const line = behind.slice(behind.lastIndexOf('\n') + 1)
    const block = blockScalar(text, at, /^[ ]{0,256}/.exec(line)![0].length)
    if (block !== undefined) return { ...block, form: 'quoted', reached: block.end }
  }
  const end = endOfRun(text, at)
  return end > at ? { start: at, end, form: 'word', reached: end } : undefined
}

/** A value without quotes as far as it goes, by what it lies within. */
export function wholeWord(text: string, { start, end, reached }: Value, { name, sign }: Place): Value {
  const around = surroundings(text, name)
  const cut = cutRun(text, start, end, around)
  const to =
    cut < end
      ? trimmedEnd(text, start, cut, { ...around, startsLine: false })
      : furtherEnd(text, start, end, sign, around)
  return { start, end: to, form: 'word', reached }
}

/** Where the word ends that begins at `start`, by what it lies within. */
export function endOfWord(text: string, start: number): number {
  const around = surroundings(text, start)
  const cut = cutRun(text, start, endOfRun(text, start), around)
  return trimmedEnd(text, start, cut, around)
}

function furtherEnd(text: string, start: number, end: number, sign: string, around: Surroundings): number {
  const isAlone = around.closers === ''
  // A setting in a line of its own, but not `NAME=value command` of a shell.
  if (isAlone && around.startsLine && (sign.includes(':') || /=\s/.test(sign)))
    return Math.max(end, cutRun(text, start, endOfSetting(text, start), around))
  if (isAlone && around.before === ';' && around.quotes.length === 0) return nextSetting(text, end) ?? end
  const to = trimmedEnd(text, start, end, around)
  return to < end ? to : withFurtherWords(text, end)
}

/** The semicolon on this line that ends a setting of a connection string. */
function nextSetting(text: string, from: number): number | undefined {
  const found = /[^;\n]{0,256};/y
  found.lastIndex = from
  const rest = found.exec(text)
  return rest === null ? undefined : from + rest[0].length - 1
}
