/**
 * What commands a terminal, cannot be seen, or is no character at all: controls, separators of lines, signs that turn the direction of text, whatever has no
 * width, tags, selectors of variants, private use, halves of surrogate pairs, and what Unicode has not assigned.
 */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu

/**
 * Text of others as one line for people: columns, messages and terminals print it as it is, so it must not command them, nor look like something else.
 * Letters, marks and signs of all scripts stay.
 */
export const printable = (text: string): string => text.replace(unseen, '?')

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n')

/** Every text in a value that is JSON. */
export function printableAll<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T
  if (Array.isArray(value)) return value.map(printableAll) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, printableAll<unknown>(item)])) as T
}

const escape = (character: string): string =>
  character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** JSON of one line that means the same and can be looked at: what is not to be printed stands in it as an escape. */
export const printableJson = (json: string): string => json.replace(unseen, escape)

/** Whether people can be shown it as it is. */
export const isPrintable = (text: string): boolean => text.search(unseen) < 0

const escapeYaml = (character: string): string => {
  const hex = character.codePointAt(0)!.toString(16)
  return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`
}

/** The same for YAML, whose texts that are not to be printed stand in double quotes. */
export const printableYaml = (yaml: string): string =>
  yaml
    .split('\n')
    .map(line => line.replace(unseen, escapeYaml))
    .join('\n')
