import { hkdfSync } from 'node:crypto'

/**
 * The guard secret: 32 random bytes that one gateway and its operator share. During a rotation two are valid, the current one first: what was
 * sealed or handed out under the previous one still holds.
 */
export type Guards = readonly [current: Buffer, ...previous: Buffer[]]

/** Bytes of a guard secret: all keys are derived from it, so a shorter one would let others compute them. */
export const guardBytes = 32

/** HKDF (RFC 5869) with a label for each purpose, so that one guard secret gives independent keys. */
export const deriveKey = (guard: Buffer, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', guard, '', `bartizan/${label}`, guardBytes))

const token = (guard: Buffer, label: string): string => deriveKey(guard, label).toString('base64url')

/** What the operator shows to the admin port (`/-/status`) and, for its handshake, to the client port. */
export const operatorToken = (guard: Buffer): string => token(guard, 'operator-token')

/** What the `preStop` hook of the server's container shows to `/-/drain`. It stands in the pod, so it opens nothing else. */
export const drainToken = (guard: Buffer): string => token(guard, 'drain-token')

/** What a gateway signs its report with. */
export const statusKey = (guard: Buffer): Buffer => deriveKey(guard, 'status')

/** What the operator signs a withdrawal of keys with. */
export const withdrawalKey = (guard: Buffer): Buffer => deriveKey(guard, 'withdrawal')
