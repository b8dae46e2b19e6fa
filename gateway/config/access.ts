import type { Key } from './keys.ts'
import { allowMatcher, type Matcher } from './glob.ts'

/** What a key grants, compiled: everything that can refuse at load has been refused. */
export type CompiledKey = {
  readonly name: string
  readonly uid: string | undefined
  /** Hexadecimal SHA-256. */
  readonly digests: readonly string[]
  readonly revoked: boolean
  /** Milliseconds since the epoch, or Infinity. */
  readonly expiresAt: number
  readonly reads: boolean
  readonly executes: boolean
  readonly servers: Matcher
  readonly tools: Matcher
}

const everything: Matcher = () => true

/** Unset scopes mean gateway:execute, which includes servers:read; an empty list grants nothing. */
export function compileKey(key: Key): CompiledKey {
  const scopes = key.scopes ?? ['gateway:execute']
  const executes = scopes.includes('gateway:execute')
  return {
    name: key.name,
    uid: key.uid,
    digests: key.digests.map(digest => digest.slice('sha256:'.length)),
    revoked: key.revoked === true,
    expiresAt: key.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(key.expiresAt),
    reads: executes || scopes.includes('servers:read'),
    executes,
    servers: allowMatcher(key.allowedServers),
    tools: key.allowedTools === undefined ? everything : allowMatcher(key.allowedTools),
  }
}
