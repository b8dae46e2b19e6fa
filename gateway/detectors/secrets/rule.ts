import { pattern } from '../../config/pattern.ts'
import type { Hit } from '../detector.ts'

/** A stretch that has the form of a secret, up to `end`. Without a hit it was looked at and is none. */
export type RuleMatch = { readonly end: number; readonly hit: Hit | undefined }

export type Stretch = { readonly start: number; readonly end: number }

/** How one kind of secret looks. */
export type SecretRule = {
  /** Kebab case; names the finding and the placeholder. */
  readonly name: string
  /** Lowercase printable ASCII. Wherever one of them begins, ignoring case, the pattern is tried once. */
  readonly literals: readonly string[]
  /** This sign must stand in the text, too, or no literal counts. */
  readonly beside?: string
  /** Sticky, and linear: no quantifier within a quantifier. Group 1 is the secret where there is a group, else the whole match. */
  readonly pattern: RegExp
  /** The pattern begins this many characters before the literal. */
  readonly back?: number
  /** The least entropy of the secret, in bits per character. */
  readonly entropy?: number
  /** This must stand within the 400 characters before. */
  readonly context?: string
  /** Where the secret stands, if the pattern alone cannot say. What is judged is the first group, and without one the stretch. Reads 16,384 units at most. */
  readonly locate?: (text: string, match: RegExpExecArray) => Stretch | undefined
  /** Said of the secret: true means that it is none. */
  readonly reject?: (secret: string) => boolean
}

/**
 * Not within a word: besides, a token that could begin within another would be tried again at every letter of a long one. A text that was
 * escaped twice has the letter of its line break before the token.
 */
const beginning = '(?:(?<![\\w-])|(?<=\\\\[nrt]))'

/** A digest in the name of an asset is no token, whatever stands before it. */
const end = '(?![A-Za-z0-9])(?!\\.(?:png|svg|jpe?g|gif|ico|webp|css|js|html?)\\b)'

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

type TokenOptions = Pick<SecretRule, 'entropy' | 'reject'> & { readonly ignoreCase?: boolean }

/** A token that is known by how it begins: `prefix`, then `rest`, and neither a letter nor a digit behind it. */
export function token(
  name: string,
  prefixes: string | readonly string[],
  rest: string,
  options: TokenOptions = {},
): SecretRule {
  const { ignoreCase, ...checks } = options
  const list = [prefixes].flat()
  const source = `${beginning}(?:${list.map(escape).join('|')})${rest}${end}`
  return {
    name,
    literals: list.map(prefix => prefix.toLowerCase()),
    pattern: pattern(source, ignoreCase ? 'iy' : 'y'),
    entropy: 3,
    ...checks,
  }
}

const gap = `[\\w .-]{0,32}\\\\{0,7}["'\`]?\\]?\\s{0,4}(?:=>|:=|=|:|,)\\s{0,4}\\\\{0,7}["'\`]?`

/**
 * A value that looks like any other and is a secret because a vendor's name stands before it: `dropbox_token = "..."`. At most 32 characters
 * between the name and the sign of assignment.
 */
export function assigned(name: string, vendors: string | readonly string[], value: string, entropy = 3): SecretRule {
  const list = [vendors].flat()
  return {
    name,
    literals: list,
    pattern: pattern(`(?<![a-z])(?:${list.join('|')})${gap}(${value})(?![A-Za-z0-9])`, 'iy'),
    entropy,
    reject: secret => !/\d/.test(secret),
  }
}
