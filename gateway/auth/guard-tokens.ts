import { hash, timingSafeEqual } from 'node:crypto'
import type { Guards } from '../config/guard.ts'

const digestOf = (text: string): Buffer => hash('sha256', text, 'buffer')

/**
 * Finds the guard that a token was derived from, or nothing; compared without telling how much of it was right. While a guard is rotated the
 * tokens of both are valid, and a caller that shows one is answered with the keys of the same.
 */
export function guardOf(guards: Guards, derive: (guard: Buffer) => string): (token: string) => Buffer | undefined {
  const known = guards.map(guard => ({ guard, digest: digestOf(derive(guard)) }))
  return token => {
    const digest = digestOf(token)
    return known.find(one => timingSafeEqual(one.digest, digest))?.guard
  }
}
