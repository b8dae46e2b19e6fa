import { createHash } from 'node:crypto'

const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The last `length` digits of a number in a base up to 62: no sign that a shell, a URL or a double click would stumble over. */
function written(bytes: Buffer, base: number, length: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (let at = 0; at < length; at++) {
    text = digits[Number(rest % BigInt(base))]! + text
    rest /= BigInt(base)
  }
  return text
}

export type ApiKey = { readonly key: string; readonly id: string; readonly digest: string }

/** SHA-256 of a whole key in the spelling of `APIKey.spec.digests`. */
export const digestOf = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`

/**
 * A new key `btz_<id>_<secret>`: the id (8 signs) may be shown and logged, the secret (43 signs) holds all 256 random bits.
 * @param random source of random bytes
 */
export function makeApiKey(random: (bytes: number) => Buffer): ApiKey {
  const id = written(random(16), 36, 8)
  const key = `btz_${id}_${written(random(32), 62, 43)}`
  return { key, id, digest: digestOf(key) }
}
