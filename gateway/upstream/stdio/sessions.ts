import { legacyRevisions } from '../../mcp/era.ts'
import type { UpstreamRequest } from '../upstream.ts'
import type { Launcher } from './launch.ts'
import { refuseBy } from './reply.ts'
import type { Reply, ReplyHooks } from './reply.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'

/** The legacy sessions of a server by their ids. */
export type SessionTable = {
  post(request: UpstreamRequest, owner: string, answer: Reply, hooks: ReplyHooks): void
  listen(request: UpstreamRequest, owner: string, answer: Reply, hooks: ReplyHooks): void
  remove(request: UpstreamRequest, owner: string, answer: Reply): void
  close(): void
}

export function sessionTable(host: Launcher): SessionTable {
  const sessions = new Map<string, Session>()

  /** The session of a request, or the refusal that SDK servers give. Somebody else's session is an unknown one. */
  function find(request: UpstreamRequest, owner: string, answer: Reply): Session | undefined {
    const raw = request.messages.length === 1 ? request.messages[0]?.id : undefined
    const id = request.headers['mcp-session-id']
    const session = id === undefined ? undefined : sessions.get(id)
    if (id === undefined) refuseBy(answer, 'SessionRequired', raw)
    else if (session === undefined || session.owner !== owner) refuseBy(answer, 'SessionNotFound')
    else if (!versionFits(request, session))
      answer.refuse(400, -32000, 'Bad Request: Unsupported protocol version', raw)
    else return session
    return undefined
  }

  /** Clients leave the header out, and then it is not looked at. */
  function versionFits(request: UpstreamRequest, session: Session): boolean {
    const version = request.headers['mcp-protocol-version']
    return version === undefined || legacyRevisions.has(version) || version === session.revision
  }

  function open(request: UpstreamRequest, owner: string, answer: Reply, hooks: ReplyHooks): void {
    const id = host.options.randomId()
    const session = openSession(host, id, owner, () => sessions.delete(id))
    if (session === undefined) return answer.fail('Busy', 'no more processes allowed')
    sessions.set(id, session)
    session.post(request, answer, hooks)
  }

  return {
    post(request, owner, answer, hooks) {
      const first = request.messages.length === 1 ? request.messages[0] : undefined
      const opens = first?.method === 'initialize' && first.shape === 'request'
      if (opens && request.headers['mcp-session-id'] === undefined) return open(request, owner, answer, hooks)
      const session = find(request, owner, answer)
      if (session === undefined) return
      if (opens) answer.refuse(400, -32600, 'Invalid Request: Server already initialized', first.id)
      else session.post(request, answer, hooks)
    },
    listen(request, owner, answer, hooks) {
      const session = find(request, owner, answer)
      if (session === undefined || session.listen(answer, hooks)) return
      answer.refuse(409, -32000, 'Conflict: Only one SSE stream is allowed per session')
    },
    remove(request, owner, answer) {
      const session = find(request, owner, answer)
      if (session === undefined) return
      session.end('the client ended the session', true)
      answer.done()
    },
    close() {
      for (const session of sessions.values()) session.end('the gateway is stopping')
    },
  }
}
