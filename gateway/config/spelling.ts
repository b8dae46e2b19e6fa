/** Characters that are invisible: a name may not hide behind them. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu

/** The form in which keywords and deny patterns compare: NFKC, without what is invisible, case folded, so that look-alike spellings are caught. */
export const folded = (text: string): string =>
  text.normalize('NFKC').replace(unseen, '').toLowerCase().normalize('NFKC')

/** Blanks of all scripts, those that break lines and the empty Braille cell among them. */
const blank = /[\p{White_Space}\u2800]/gu

/** Beside what is invisible: halves of characters and code points that are none, which a server may drop. */
const dropped = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}]/gu

/** Without case in any language: ß is ss, dotless and dotted i are i, both small sigmas are one. */
const caseless = (text: string): string =>
  text.toUpperCase().toLowerCase().normalize('NFKC').replaceAll('i\u0307', 'i').replaceAll('ς', 'σ')

/** As a server reads a name that does not care for case, and for blanks only that there are some. */
const loose = (text: string): string =>
  caseless(text.normalize('NFKC').replace(blank, ' ').replace(dropped, '').replace(/ +/g, ' '))

/** One spelling: printable ASCII without a blank. That is nearly every name (MCP, tools, tool names). */
const simple = /^[\x21-\x7e]*$/

/**
 * The spellings of a name for which deny patterns are asked. A server that trims a name, or drops blanks and controls from it, takes `" delete"` for
 * `delete`: what is denied is denied under all of them.
 */
export function spellings(name: string): string | readonly string[] {
  if (simple.test(name)) return name.toLowerCase()
  const read = loose(name)
  return [folded(name), read.trim(), read.replaceAll(' ', '')]
}

/**
 * The same of a deny pattern. A blank beside `*` or `?` stays: without it `a *` would mean everything that begins with an a.
 */
export function spellingsOfGlob(glob: string): readonly string[] {
  if (simple.test(glob)) return [glob.toLowerCase()]
  const read = loose(glob)
  const trimmed = read.replace(/^ (?![*?])/, '').replace(/(?<![*?]) $/, '')
  return [folded(glob), trimmed, trimmed.replace(/(?<=[^*?]) (?=[^*?])/g, '')]
}
