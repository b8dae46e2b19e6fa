import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { key } from './keys.ts'
import { list } from './kit.ts'

/** What became of one APIKey. Whatever was written of it before counts from now on only as far as this allows. */
export const withdrawal = z.strictObject({
  uid: z.string().min(1).max(64),
  /** The spec that this follows from: newer descriptions are not touched. Unset when the object is gone, which has no newer. */
  generation: z.int().min(1).optional(),
  /** What holds of it now; unset: nothing. */
  key: key.optional(),
})

export type Withdrawal = z.infer<typeof withdrawal>

/** In one message. More are sent in several. */
const maxWithdrawals = 1000

const withdrawals = z.strictObject({ withdrawals: list(withdrawal, maxWithdrawals) })

/** Bytes of a message. One key may have 64 Ki characters of globs, each up to six bytes long in JSON. */
export const maxWithdrawalBytes = 512 * 1024

/** The header that carries the signature. */
export const signatureHeader = 'x-bartizan-signature'

/** Withdrawals as messages that a gateway takes. */
export function withdrawalMessages(all: readonly Withdrawal[]): Buffer[] {
  const text = JSON.stringify({ withdrawals: all })
  const message = Buffer.from(text)
  if (all.length <= 1 || (all.length <= maxWithdrawals && message.length <= maxWithdrawalBytes)) return [message]
  const half = Math.ceil(all.length / 2)
  return [...withdrawalMessages(all.slice(0, half)), ...withdrawalMessages(all.slice(half))]
}

/**
 * Signs a message: HMAC-SHA256 over its very bytes, hexadecimal. There is no number in it that is used once: what it says stays true for ever, so one who
 * sends it again changes nothing.
 */
export const signWithdrawals = (message: Buffer, secret: Buffer): string =>
  createHmac('sha256', secret).update(message).digest('hex')

/** Whether one of these secrets has signed the message. Nothing of it is looked at before that is known. */
export function isSigned(message: Buffer, signature: string, secrets: readonly Buffer[]): boolean {
  const given = Buffer.from(signature)
  return secrets.some(secret => {
    const expected = Buffer.from(signWithdrawals(message, secret))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

/** Reads a message whose signature fits; undefined when it is not understood, which only an operator of another version could bring about. */
export function readWithdrawals(message: Buffer): readonly Withdrawal[] | undefined {
  try {
    return withdrawals.parse(JSON.parse(message.toString('utf8'))).withdrawals
  } catch {
    return undefined
  }
}
