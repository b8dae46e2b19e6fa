/** How one kind of secret looks. */
export type SecretRule = {
  /** Kebab case; names the finding and the placeholder. */
  readonly name: string
  /** Lowercase printable ASCII. Wherever one of them begins, ignoring case, the pattern is tried once. */
  readonly literals: readonly string[]
  /** Sticky, and linear: no quantifier within a quantifier. Group 1 is the secret where there is a group, else the whole match. */
  readonly pattern: RegExp
  /** The pattern begins this many characters before the literal. */
  readonly back?: number
  /** The least entropy of the secret, in bits per character. */
  readonly entropy?: number
  /** This must stand within the 400 characters before. */
  readonly context?: string
  /** Said of the secret: true means that it is none. */
  readonly reject?: (secret: string) => boolean
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

type TokenOptions = Pick<SecretRule, 'entropy' | 'reject'> & { readonly ignoreCase?: boolean }

/** A token that is known by how it begins: `prefix`, then `rest`, and neither a letter nor a digit on either side. */
export function token(
  name: string,
  prefixes: string | readonly string[],
  rest: string,
  options: TokenOptions = {},
): SecretRule {
  const { ignoreCase, ...checks } = options
  const list = [prefixes].flat()
  const pattern = `(?<![A-Za-z0-9])(?:${list.map(escape).join('|')})${rest}(?![A-Za-z0-9])`
  return {
    name,
    literals: list.map(prefix => prefix.toLowerCase()),
    pattern: new RegExp(pattern, ignoreCase ? 'iy' : 'y'),
    entropy: 3,
    ...checks,
  }
}

/**
 * A value that looks like any other and is a secret because a vendor's name stands before it: `dropbox_token = "..."`. At most 32 characters
 * between the name and the sign of assignment.
 */
export function assigned(name: string, vendor: string, value: string, entropy = 3): SecretRule {
  const gap = `[\\w .-]{0,32}\\\\?["'\`]?\\]?\\s{0,4}(?:=>|:=|=|:|,)\\s{0,4}\\\\?["'\`]?`
  return {
    name,
    literals: [vendor],
    pattern: new RegExp(`(?<![a-z])${vendor}${gap}(${value})(?![A-Za-z0-9])`, 'iy'),
    entropy,
    reject: secret => !/\d/.test(secret),
  }
}
