/** Tells whether a name is meant by any of the globs. */
export type Matcher = (name: string) => boolean

/** Characters that nobody sees: a name may not hide behind them. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu

/** The form in which deny patterns compare: NFKC, without what nobody sees, case folded, so that look-alike spellings are caught. */
export const folded = (text: string): string =>
  text.normalize('NFKC').replace(unseen, '').toLowerCase().normalize('NFKC')

const regexOf = (glob: string): string =>
  glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')

function matcher(globs: readonly string[]): Matcher {
  const exact = new Set(globs.filter(glob => !/[*?]/.test(glob)))
  const patterns = globs.filter(glob => /[*?]/.test(glob)).map(regexOf)
  if (patterns.length === 0) return name => exact.has(name)
  const regex = new RegExp(`^(?:${patterns.join('|')})$`, 'su')
  return name => exact.has(name) || regex.test(name)
}

/** Allow patterns: the whole name, exactly as sent. */
export const allowMatcher = (globs: readonly string[]): Matcher => matcher(globs)

/** Deny patterns: the whole name after NFKC and case folding of both sides. */
export function denyMatcher(globs: readonly string[]): Matcher {
  const match = matcher(globs.map(folded))
  return name => match(folded(name))
}
