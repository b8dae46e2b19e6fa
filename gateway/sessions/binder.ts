import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { deriveKey, type Guards } from '../config/guard.ts'

/**
 * Hides a text that a server gave out, and binds it to a holder: another holder's open as little as one that was made up. The same text for the
 * same holder gives the same bytes, so that a name stays one name.
 */
export type Binder = {
  /** @param holder whose it is, and of what kind: two kinds are never taken for each other */
  seal(holder: string, text: string): Buffer
  /** Undefined for anything that was not sealed for this holder. */
  open(holder: string, bytes: Buffer): string | undefined
}

const nonceBytes = 12
const tagBytes = 16

type Keys = { readonly cipher: Buffer; readonly nonce: Buffer }

/**
 * AES-256-GCM whose nonce is an HMAC of what is sealed (a synthetic nonce, as in RFC 8452 and RFC 5297): no table, nothing that a restart could
 * lose. What a previous guard sealed still opens.
 */
export function binder(guards: Guards, server: string): Binder {
  const all: readonly Keys[] = guards.map(guard => ({
    cipher: deriveKey(guard, 'bound'),
    nonce: deriveKey(guard, 'bound-nonce'),
  }))
  const [current] = all as readonly [Keys, ...Keys[]]
  const nonceOf = ({ nonce }: Keys, aad: Buffer, text: string): Buffer =>
    createHmac('sha256', nonce).update(String(aad.length)).update(aad).update(text).digest().subarray(0, nonceBytes)
  const aadOf = (holder: string): Buffer => Buffer.from(JSON.stringify([server, holder]))
  return {
    seal(holder, text) {
      const aad = aadOf(holder)
      const nonce = nonceOf(current, aad, text)
      const cipher = createCipheriv('aes-256-gcm', current.cipher, nonce).setAAD(aad)
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    open(holder, bytes) {
      const aad = aadOf(holder)
      for (const keys of all) {
        const text = decrypted(keys, aad, bytes)
        // Only the spelling that would be given out is one: another nonce would be a second name for the same thing.
        if (text !== undefined && nonceOf(keys, aad, text).equals(bytes.subarray(0, nonceBytes))) return text
      }
      return undefined
    },
  }
}

function decrypted({ cipher: key }: Keys, aad: Buffer, bytes: Buffer): string | undefined {
  const end = bytes.length - tagBytes
  if (end < nonceBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(aad)
    .setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

/** Several texts as one, whatever signs are in them: each behind its length. */
export const packed = (texts: readonly string[]): string => texts.map(text => `${text.length}:${text}`).join('')

/** The texts that `packed` put together. */
export function unpacked(text: string): string[] {
  const texts: string[] = []
  for (let at = 0; at < text.length;) {
    const start = text.indexOf(':', at) + 1
    const end = start + Number(text.slice(at, start - 1))
    texts.push(text.slice(start, end))
    at = end
  }
  return texts
}
