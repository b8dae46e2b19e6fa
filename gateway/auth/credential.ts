import type { IncomingHttpHeaders } from 'node:http'

/** What the headers of a request say about who sent it. */
export type Credential = { readonly value: string } | { readonly none: true } | { readonly conflict: true }

const none: Credential = { none: true }

/**
 * The one credential of a request: `X-API-Key`, or `Authorization: Bearer` (RFC 6750 section 2.1; never the query, section 2.3). Two that differ
 * are a conflict: to take either would let a proxy's credential stand for that of its client.
 */
export function credentialOf(headers: IncomingHttpHeaders): Credential {
  const key = headers['x-api-key']
  const authorization = headers.authorization
  const bearer = authorization === undefined ? undefined : (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '')
  if (typeof key === 'string' && bearer !== undefined && bearer !== key) return { conflict: true }
  const value = typeof key === 'string' ? key.trim() : bearer
  return value === undefined || value === '' ? none : { value }
}
