import { endOfQuote, LONGEST_VALUE, quotedAt } from './quoted.ts'
import { type SecretSurroundings, surroundings } from './surroundings.ts'
import { blockScalar, cutRun, endOfRun, endOfSetting, trimmedEnd, withFurtherWords } from './unquoted.ts'

/** A value where its syntax ends. `reached` is how far was looked for its end. */
export type Value = {
  readonly start: number
  readonly end: number
  readonly form: 'quoted' | 'word'
  readonly reached: number
}

/** Where a value is assigned: where its name begins, and the sign between both. */
export type ValuePlace = { readonly name: number; readonly sign: string }

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

/** An anchor of YAML. */
const anchor = /&[\w-]{1,64} {1,4}(?=\S)/y

function behindAnchor(text: string, at: number): number {
  anchor.lastIndex = at
  return at + (anchor.exec(text)?.[0].length ?? 0)
}

const heredoc = /<<[-~]?\s{0,2}\\?["']?([A-Za-z_]\w{0,31})["']?[^\n]{0,64}\n/y

/** The lines between `<<TAG` and `TAG`. */
function heredocAt(text: string, at: number): Value | undefined {
  heredoc.lastIndex = at
  const opened = heredoc.exec(text)
  if (opened === null) return undefined
  const from = at + opened[0].length
  let end = from
  for (const line of text.slice(from, from + LONGEST_VALUE).split('\n')) {
    if (line.trim() === opened[1]) break
    end += line.length + 1
  }
  const value = text.slice(from, end)
  const start = from + value.length - value.trimStart().length
  return start < end ? { start, end: from + value.trimEnd().length, form: 'quoted', reached: end } : undefined
}

/** A cell of a table in Markdown. */
function cellAt(text: string, at: number): Value | undefined {
  const cell = /[^|\n]{1,1024}(?=\|)/y
  cell.lastIndex = at
  const found = cell.exec(text)?.[0].trimEnd()
  return found === undefined
    ? undefined
    : { start: at, end: at + found.length, form: 'quoted', reached: at + found.length }
}

/** What stands in braces, or on lines of its own. */
function blockAt(text: string, at: number, { name, sign }: ValuePlace): Value | undefined {
  if (text.startsWith('<<', at)) return heredocAt(text, at)
  if (text[at] === '{' && sign === '=') return bracedAt(text, at, surroundings(text, name).before)
  if (!sign.includes(':') || (text[at] !== '|' && text[at] !== '>')) return undefined
  const behind = text.slice(Math.max(0, name - 256), name)
  const line = behind.slice(behind.lastIndexOf('\n') + 1)
  const block = blockScalar(text, at, /^[ ]{0,256}/.exec(line)![0].length)
  return block && { ...block, form: 'quoted', reached: block.end }
}

/** What is assigned at `at`, up to the first blank where no quote, element or block says more: enough to judge by whether it is a secret. */
export function firstOf(text: string, at: number, { name, sign }: ValuePlace): Value | undefined {
  if (sign.endsWith('>') && !sign.endsWith('=>')) return elementAt(text, at)
  if (sign.includes(':') && text[at] === '&') return firstOf(text, behindAnchor(text, at), { name, sign: '=' })
  const quoted = quotedAt(text, at)
  if (quoted !== undefined) return { ...quoted, form: 'quoted' }
  const block = blockAt(text, at, { name, sign })
  if (block !== undefined) return block
  if (sign.trim() === '|') return cellAt(text, at)
  const end = endOfRun(text, at)
  return end > at ? { start: at, end, form: 'word', reached: end } : undefined
}

/** The quote that the name stood in ends with it: `"password": x`. */
function behindName(around: SecretSurroundings, sign: string): SecretSurroundings {
  const closed = /^\\{0,15}(["'`])/.exec(sign)?.[1]
  const last = around.quotes.at(-1)
  return closed === undefined || last?.sign !== closed ? around : { ...around, quotes: around.quotes.slice(0, -1) }
}

const ownQuotes = /["'`][\w.-]{0,64}$/
const nextMember = /[,;& ]\s{0,3}[\w.-]{1,64}=/

/** The end of the quotes that hold one setting and nothing else: `"PASSWORD=x y"`. */
function inOwnQuotes(
  text: string,
  name: number,
  start: number,
  sign: string,
  around: SecretSurroundings,
): number | undefined {
  const quote = around.quotes.at(-1)
  if (!sign.startsWith('=') || quote === undefined || around.closers !== '') return undefined
  if (!ownQuotes.test(text.slice(Math.max(0, name - 65), name))) return undefined
  const { end } = endOfQuote(text, start, quote.sign, quote.level)
  const value = text.slice(start, end)
  return value.includes('\n') || nextMember.test(value) ? undefined : end
}

/** A value without quotes as far as it goes, by what it lies within. */
export function wholeWord(text: string, { start, end, reached }: Value, { name, sign }: ValuePlace): Value {
  const around = behindName(surroundings(text, name), sign)
  const whole = inOwnQuotes(text, name, start, sign, around)
  if (whole !== undefined) return { start, end: whole, form: 'word', reached }
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

function furtherEnd(text: string, start: number, end: number, sign: string, around: SecretSurroundings): number {
  const isAlone = around.closers === ''
  // A setting in a line of its own, but not `NAME=value command` of a shell.
  if (isAlone && around.startsLine && (sign.includes(':') || /=\s/.test(sign)))
    return Math.max(end, cutRun(text, start, endOfSetting(text, start), around))
  if (isAlone && around.before === ';' && around.quotes.length === 0) return nextSetting(text, end) ?? end
  const to = trimmedEnd(text, start, end, around)
  return to < end ? to : withFurtherWords(text, end, around)
}

/** The semicolon on this line that ends a setting of a connection string. */
function nextSetting(text: string, from: number): number | undefined {
  const found = /[^;\n]{0,256};/y
  found.lastIndex = from
  const rest = found.exec(text)
  return rest === null ? undefined : from + rest[0].length - 1
}
