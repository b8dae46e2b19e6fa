/** Half-open range of bytes. */
export type Span = { readonly start: number; readonly end: number }

export const quote = 0x22
export const backslash = 0x5c
export const colon = 0x3a
export const openBrace = 0x7b
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const comma = 0x2c

const other = 0
export const string = 1
export const open = 2
export const close = 3
export const scalar = 4

/** What a byte outside of strings begins: nothing, a string, a container, the end of one, a number or literal. */
export const kinds = new Uint8Array(256).fill(other)
kinds[quote] = string
kinds[openBrace] = open
kinds[openBracket] = open
kinds[0x7d] = close
kinds[closeBracket] = close
for (const byte of Buffer.from('-+.0123456789')) kinds[byte] = scalar
for (let byte = 0x41; byte <= 0x5a; byte++) kinds[byte] = kinds[byte + 0x20] = scalar

const space = new Uint8Array(256)
for (const byte of Buffer.from(' \t\n\r')) space[byte] = 1

/** The first byte at or after `at` that is no JSON white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at
  while (i < bytes.length && space[bytes[i] as number] === 1) i++
  return i
}

/** The byte after a number or literal that begins at `at`. */
export function scalarEnd(bytes: Uint8Array, at: number): number {
  let i = at
  while (i < bytes.length && kinds[bytes[i] as number] === scalar) i++
  return i
}

/** Native search beats the loop only where a string is long: a call out of JavaScript costs as much as some fifty bytes of the loop. */
const patience = 64

/** The byte after the string whose first byte inside the quotes is `at`; the length of `bytes` if it never ends. */
export function stringEnd(bytes: Buffer, at: number): number {
  const limit = Math.min(bytes.length, at + patience)
  let i = at
  while (i < limit) {
    const byte = bytes[i]
    if (byte === quote) return i + 1
    i += byte === backslash ? 2 : 1
  }
  return i < bytes.length ? longStringEnd(bytes, i) : bytes.length
}

/** A quote ends the string unless an odd number of backslashes stands right before it. */
function longStringEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(quote, from); at !== -1; at = bytes.indexOf(quote, at + 1)) {
    let before = at
    while (before > from && bytes[before - 1] === backslash) before--
    if (((at - before) & 1) === 0) return at + 1
  }
  return bytes.length
}

/** The byte after the value that begins at `at`, in bytes that are known to be JSON. Needs no stack: strings are skipped, brackets counted. */
export function valueEnd(bytes: Buffer, at: number): number {
  const first = kinds[bytes[at] as number]
  if (first === string) return stringEnd(bytes, at + 1)
  if (first !== open) return scalarEnd(bytes, at)
  let depth = 0
  let i = at
  while (i < bytes.length) {
    const kind = kinds[bytes[i] as number]
    if (kind === string) i = stringEnd(bytes, i + 1)
    else i++
    if (kind === open) depth++
    else if (kind === close && --depth === 0) return i
  }
  return bytes.length
}
