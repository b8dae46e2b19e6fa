import type { UpstreamHeaders } from '../../upstream/upstream.ts'
import { legacyRevisions } from '../../mcp/era.ts'
import type { CallControl } from './answer.ts'

const requested = (params: unknown): string => {
  const version = (params as { protocolVersion?: unknown } | undefined)?.protocolVersion
  // What the caller wrote stands in the sealed id, so only a revision that exists does.
  return typeof version === 'string' && legacyRevisions.has(version) ? version : ''
}

/**
 * The session id that the client gets for the one that the server sent: the same as before when the server repeats it, a new sealed one when it
 * opened a session. A modern exchange has no sessions, so there the header does not pass.
 */
export function sealedSession(call: CallControl, headers: UpstreamHeaders): string | undefined {
  const upstream = headers['mcp-session-id']
  if (typeof upstream !== 'string' || call.caller.era === 'modern') return undefined
  const { session, messages, context } = call.admitted
  if (session?.opened.upstream === upstream) return session.sealed
  const initialize = messages.find(message => message.method === 'initialize')
  const { instance } = context.services
  return call.server.sealer.seal({
    instance,
    upstream,
    owner: call.caller.principal.id,
    revision: requested(initialize?.params),
  })
}
