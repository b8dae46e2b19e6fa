import type { IncomingHttpHeaders } from 'node:http'
import type { Denial, Principal } from '../../exchange.ts'
import type { ServerRuntime, Services } from '../../runtime/runtime.ts'
import { belongsTo } from '../../sessions/session.ts'
import type { NamedSession } from '../admitted-call.ts'

/** The session that a request belongs to, if it names one. */
export type SessionLookup = { readonly session: NamedSession | undefined }

const unknown: { readonly denied: Denial } = { denied: { stage: 'session', code: 'SessionNotFound' } }
export const noSession: SessionLookup = { session: undefined }

/**
 * The session that a request names. To a stranger the session of another is as unknown as one that never was (404), and so is one that another
 * instance opened. No header is no error here: the server knows whether it needs one.
 */
export function namedSession(
  services: Services,
  server: ServerRuntime,
  principal: Principal,
  headers: IncomingHttpHeaders,
): SessionLookup | { readonly denied: Denial } {
  const sealed = headers['mcp-session-id']
  if (typeof sealed !== 'string') return noSession
  const opened = server.sealer.open(sealed)
  if (!opened || !belongsTo(opened, principal) || opened.instance !== services.instance) return unknown
  return { session: { sealed, opened } }
}
