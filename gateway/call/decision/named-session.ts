import type { IncomingHttpHeaders } from 'node:http'
import type { Denial, Principal } from '../../exchange.ts'
import type { ServerRuntime, Services } from '../../runtime/runtime.ts'
import { belongsTo, type Session } from '../../sessions/session.ts'

type Found = { readonly session: { readonly sealed: string; readonly opened: Session } | undefined }

const unknown: { readonly denied: Denial } = { denied: { stage: 'session', code: 'SessionNotFound' } }
const none: Found = { session: undefined }

/**
 * The session that a request names. To a stranger somebody's session is as unknown as one that never was (404), and so is one that another
 * instance opened. No header is no error here: the server knows whether it needs one.
 */
export function namedSession(
  services: Services,
  server: ServerRuntime,
  principal: Principal,
  headers: IncomingHttpHeaders,
): Found | { readonly denied: Denial } {
  const sealed = headers['mcp-session-id']
  if (typeof sealed !== 'string') return none
  const opened = server.sealer.open(sealed)
  if (!opened || !belongsTo(opened, principal) || opened.instance !== services.instance) return unknown
  return { session: { sealed, opened } }
}
