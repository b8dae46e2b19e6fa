import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { deriveKey, type Guards } from '../config/guard.ts'
import type { Principal } from '../exchange.ts'

/** What the client's session id means. */
export type Session = {
  readonly instance: string
  /** The server's own session id. */
  readonly upstream: string
  /** The id of the principal that opened it. */
  readonly owner: string
  /** The revision that the client asked for in initialize: batches exist in 2025-03-26 only. */
  readonly revision: string
}

export type Sealer = {
  seal(session: Session): string
  /** Undefined for anything that this server's key did not seal. */
  open(token: string): Session | undefined
}

const nonceBytes = 12
const tagBytes = 16
const maxCached = 1024

/**
 * Seals session ids with AES-256-GCM: the id that the client holds says whose it is and outlives the gateway's process; no table of sessions
 * exists that a restart could lose. base64url is visible ASCII, as the specification asks of a session id. What a previous guard sealed still opens.
 */
export function sealer(guards: Guards, server: string): Sealer {
  const keys = guards.map(guard => deriveKey(guard, 'session'))
  const key = keys[0]!
  const aad = Buffer.from(server)
  const cache = new Map<string, Session>()
  const remember = (token: string, session: Session): void => {
    if (cache.size >= maxCached) cache.delete(cache.keys().next().value!)
    cache.set(token, session)
  }
  return {
    seal(session) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
      const { instance, upstream, owner, revision } = session
      const text = JSON.stringify([instance, upstream, owner, revision])
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      )
      remember(sealed, session)
      return sealed
    },
    open(token) {
      const cached = cache.get(token)
      if (cached) return cached
      for (const candidate of keys) {
        const session = decrypt(token, candidate, aad)
        if (!session) continue
        remember(token, session)
        return session
      }
      return undefined
    },
  }
}

function decrypt(token: string, key: Buffer, aad: Buffer): Session | undefined {
  const bytes = Buffer.from(token, 'base64url')
  // Other spellings of the same bytes are other ids to a client, so only the canonical one is ours.
  if (bytes.length <= nonceBytes + tagBytes || bytes.toString('base64url') !== token) return undefined
  const end = bytes.length - tagBytes
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(aad)
    .setAuthTag(bytes.subarray(end))
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, end)), decipher.final()]).toString('utf8')
    const [instance, upstream, owner, revision] = JSON.parse(text) as [string, string, string, string]
    return { instance, upstream, owner, revision }
  } catch {
    return undefined
  }
}

/** A session belongs to the principal that opened it; to any other it does not exist. */
export const belongsTo = (session: Session, principal: Principal): boolean => session.owner === principal.id
