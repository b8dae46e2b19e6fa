import { spellings, spellingsOfGlob } from './spelling.ts'
import { wildcards, type Matcher } from './wildcard.ts'

export type { Matcher }

const isPattern = (glob: string): boolean => glob.includes('*') || glob.includes('?')

function matcher(globs: readonly string[]): Matcher {
  const exact = new Set(globs.filter(glob => !isPattern(glob)))
  const patterns = globs.filter(isPattern)
  if (patterns.length === 0) return name => exact.has(name)
  const matches = wildcards(patterns)
  return name => exact.has(name) || matches(name)
}

/** Allow patterns: the whole name, exactly as sent. */
export const allowMatcher = (globs: readonly string[]): Matcher => matcher(globs)

/** Deny patterns: the whole name, in any spelling that a server might take for the one that is meant. */
export function denyMatcher(globs: readonly string[]): Matcher {
  const match = matcher(globs.flatMap(spellingsOfGlob))
  return name => {
    const all = spellings(name)
    return typeof all === 'string' ? match(all) : all.some(match)
  }
}
