import { hash } from 'node:crypto'
import type { CompiledKey } from '../config/access.ts'
import type { Denial, Grants, Principal } from '../exchange.ts'
import type { AcceptedCredential, Authenticator, Identity } from './authenticator.ts'

/** A key of 256 random bits has at least 43 characters; nothing longer than this is hashed. */
const maxKeyLength = 512

/** `Bearer` in the challenge would start an OAuth flow in clients that could not end. */
export const apiKey: AcceptedCredential = {
  noun: 'API key',
  requirement: 'An API key is required. Send it as "X-API-Key: <key>" or "Authorization: Bearer <key>".',
  hint: 'send the API key as X-API-Key or Authorization: Bearer',
  challenge: 'ApiKey realm="bartizan", header="X-API-Key"',
  headers: ['Authorization', 'X-API-Key'],
}

const grantsOf = (key: CompiledKey): Grants => ({
  expiresAt: key.expiresAt,
  allowsScope: scope => (scope === 'gateway:execute' ? key.executes : key.reads),
  allowsServer: key.servers,
  allowsTool: key.tools,
})

const refused = (code: Denial['code'], detail: string): { denied: Denial } => ({
  denied: { stage: 'authenticate', code, detail },
})

type KnownKey = { readonly key: CompiledKey; readonly identity: Identity }

const refusing = (key: CompiledKey): CompiledKey => ({ ...key, revoked: true })

/**
 * A digest is no secret, so the digest of another key may be written down by anyone who knows it. Then no caller is let in
 * by it: not as the other, nor although the first was revoked.
 */
function stricter(first: KnownKey | undefined, second: KnownKey): KnownKey {
  if (first === undefined) return second
  const same = first.key.name === second.key.name && !first.key.revoked
  return same ? second : { ...first, key: refusing(first.key) }
}

/**
 * API keys. The secret is hashed once and looked up by its digest: a caller who does not hold the key cannot steer the comparison, so the time
 * of the look-up tells them nothing, and the configuration holds nothing that opens a door.
 *
 * @param ids who the entries are, in the order of `keys`
 */
export function keyAuthenticator(keys: readonly CompiledKey[], ids: readonly string[]): Authenticator {
  const byDigest = new Map<string, KnownKey>()
  for (const [at, key] of keys.entries()) {
    const principal: Principal = { provider: 'key', subject: key.name, id: ids[at]!, grants: grantsOf(key) }
    for (const digest of key.digests)
      byDigest.set(digest, stricter(byDigest.get(digest), { key, identity: { principal, proof: digest } }))
  }
  const judge = (digest: string, now: number) => {
    const entry = byDigest.get(digest)
    if (!entry) return undefined
    if (entry.key.revoked) return refused('KeyRevoked', entry.key.name)
    if (entry.key.expiresAt <= now) return refused('KeyExpired', entry.key.name)
    return entry.identity
  }
  return {
    name: 'key',
    accepts: apiKey,
    authenticate: ({ credential, now }) =>
      credential === undefined || credential.length > maxKeyLength
        ? undefined
        : judge(hash('sha256', credential, 'hex'), now),
    revalidate: ({ principal, proof }, now) => {
      const found = principal.provider === 'key' ? judge(proof, now) : undefined
      // The same key under another object is another caller, who may not go on with what this one has open.
      return found && 'principal' in found && found.principal.id !== principal.id ? undefined : found
    },
  }
}
