/** Shorter values are words such as `true` or `1`, and hiding those would make a log unreadable. */
const MIN_LENGTH = 6
const TAIL = 12

/**
 * Hides the values of an environment in text that a child wrote: as they are, line by line, their last twelve characters, and encoded as
 * base64 (at any alignment, both alphabets), hex, percent and JSON. What is hidden reads `[NAME]`.
 */
export function redactor(env: Readonly<Record<string, string>>): (text: string) => string {
  const needles = Object.entries(env)
    .flatMap(([name, value]) => spellings(value).map(spelling => ({ name, spelling })))
    // A longer spelling may contain a shorter one, which would leave its rest behind.
    .toSorted((a, b) => b.spelling.length - a.spelling.length)
  return function redact(text) {
    let out = text
    for (const { name, spelling } of needles) out = out.replaceAll(spelling, `[${name}]`)
    return out
  }
}

function spellings(value: string): string[] {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].map(offset => alignedBase64(bytes, offset))
  const all = [
    value,
    ...value.split(/[\r\n]+/),
    value.length > TAIL ? value.slice(-TAIL) : value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64,
    ...base64.map(text => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
  return [...new Set(all)].filter(text => text.length >= MIN_LENGTH)
}

/** The characters of a base64 text that depend on `bytes` alone when they stand `offset` bytes behind a group of three. */
function alignedBase64(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
}
