/** An open quote: its sign, and how many backslashes stand before it: `"` has none, `\"` in a JSON string one, `\\\"` in a string of that three. */
export type Quote = { readonly sign: string; readonly level: number }

/** What a place in a text lies within, as far as its line shows. */
export type SecretSurroundings = {
  /** Innermost last. */
  readonly quotes: readonly Quote[]
  /** The signs that close the brackets that are open within the innermost quote. */
  readonly closers: string
  /** Nothing but blanks, marks of a list, `export` or a quote stands before the place on its line. */
  readonly startsLine: boolean
  /** The sign before the place, blanks not counted; empty at the beginning of the line. */
  readonly before: string
}

/** A line is looked back upon so far, in UTF-16 units. */
const LOOK_BACK = 440

const closerOf: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
const lineStart =
  /^\s{0,400}(?:(?:[-*#>]|export|set|env|ENV|ARG|const|let|var|-e) {1,4})?\*{0,3}["']?(?:[\w-]{1,64}\.){0,8}$/
/** Within a string of JSON or of a program. */
const lineBreak = /\\{1,15}[nr]/
const signs = /["'`()[\]{}]/g
const word = /[\p{L}\p{N}_]/u

/** How many backslashes stand before a place, not going back behind `from`. */
export function backslashesBefore(text: string, at: number, from: number): number {
  let first = at
  while (first > from && text[first - 1] === '\\') first--
  return at - first
}

/** Whether a quote behind so many backslashes ends a string that was opened behind `level` of them. */
export const isClosing = (backslashes: number, level: number): boolean =>
  backslashes < level || (backslashes - level) % (2 * (level + 1)) === 0

export function surroundings(text: string, at: number): SecretSurroundings {
  const behind = text.slice(Math.max(0, at - LOOK_BACK), at)
  const line = behind.slice(behind.lastIndexOf('\n') + 1)
  const open = new Open()
  for (const { index } of line.matchAll(signs)) open.read(line, index)
  return {
    quotes: open.quotes(),
    closers: open.closers(),
    startsLine: line.length < LOOK_BACK && lineStart.test(line.split(lineBreak).at(-1)!),
    before: line.trimEnd().slice(-1),
  }
}

/** Quotes and brackets that are open, in order. */
class Open {
  readonly #stack: (Quote | string)[] = []

  read(line: string, at: number): void {
    const sign = line[at]!
    if (sign === '"' || sign === "'" || sign === '`') this.#quote(line, at, sign)
    else if (closerOf[sign] !== undefined) this.#stack.push(closerOf[sign])
    else if (sign === ')' || sign === ']' || sign === '}') this.#close(sign)
  }

  #quote(line: string, at: number, sign: string): void {
    const level = backslashesBefore(line, at, 0)
    const same = this.#stack.findLastIndex(open => typeof open !== 'string' && open.sign === sign)
    const opened = this.#stack[same]
    if (typeof opened === 'object' && isClosing(level, opened.level)) this.#stack.length = same
    // An apostrophe within a word opens nothing.
    else if (at === level || !word.test(line[at - level - 1]!)) this.#stack.push({ sign, level })
  }

  #close(sign: string): void {
    const last = this.#stack.at(-1)
    if (last === sign) this.#stack.pop()
  }

  quotes(): Quote[] {
    return this.#stack.filter(open => typeof open !== 'string')
  }

  closers(): string {
    const quote = this.#stack.findLastIndex(open => typeof open !== 'string')
    return this.#stack
      .slice(quote + 1)
      .filter(open => typeof open === 'string')
      .join('')
  }
}
