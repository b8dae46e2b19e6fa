import { legacyRevisions } from '../../mcp/era.ts'
import type { UpstreamRequest } from '../upstream.ts'
import type { Launcher } from './launch.ts'
import type { Reply, ReplyHooks } from './reply.ts'
import { openSession } from './session.ts'
import type { ChildSession } from './session.ts'

/** The legacy sessions of a server by their ids. */
export type SessionTable = {
  post(request: UpstreamRequest, owner: string, answer: Reply, hooks: ReplyHooks): void
  listen(request: UpstreamRequest, owner: string, answer: Reply, hooks: ReplyHooks): void
  remove(request: UpstreamRequest, owner: string, answer: Reply): void
  /**
   * Ends the session of a principal that was quiet for longest, if that was long enough: many clients never end theirs. False: there is none.
   */
  makeRoom(owner: string): Promise<boolean>
  close(): void
}

export function sessionTable(host: Launcher): SessionTable {
  const sessions = new Map<string, ChildSession>()

  /** The session of a request, or the refusal that SDK servers give. The session of another caller is an unknown one. */
  function find(request: UpstreamRequest, owner: string, answer: Reply): ChildSession | undefined {
    const raw = request.messages.length === 1 ? request.messages[0]?.id : undefined
    const id = request.headers['mcp-session-id']
    const session = id === undefined ? undefined : sessions.get(id)
    if (id === undefined) answer.refuse('SessionRequired', raw)
    else if (session === undefined || session.owner !== owner) answer.refuse('SessionNotFound', raw)
    else if (!versionFits(request, session)) answer.refuse('SessionRevision', raw)
    else return session
    return undefined
  }

  /** Clients leave the header out, and then it is not looked at. */
  function versionFits(request: UpstreamRequest, session: ChildSession): boolean {
    const version = request.headers['mcp-protocol-version']
    return version === undefined || legacyRevisions.has(version) || version === session.revision
  }

  function start(owner: string): ChildSession | undefined {
    const id = host.options.randomId()
    const session = openSession(host, id, owner, () => sessions.delete(id))
    if (session !== undefined) sessions.set(id, session)
    return session
  }

  async function open(request: UpstreamRequest, owner: string, answer: Reply, hooks: ReplyHooks): Promise<void> {
    let session = start(owner)
    if (session === undefined && (await makeRoom(owner)) && answer.open) session = start(owner)
    if (session === undefined) answer.fail('Busy', 'no more processes allowed')
    else session.post(request, answer, hooks)
  }

  async function makeRoom(owner: string): Promise<boolean> {
    const latest = host.options.clock.now() - host.options.limits.givesWayAfter
    const quiet = (session: ChildSession) => session.quietSince() ?? Infinity
    const [oldest] = [...sessions.values()]
      .filter(session => session.owner === owner && quiet(session) <= latest)
      .toSorted((a, b) => quiet(a) - quiet(b))
    await oldest?.end('another session of its principal needed the room')
    return oldest !== undefined
  }

  return {
    post(request, owner, answer, hooks) {
      const first = request.messages.length === 1 ? request.messages[0] : undefined
      const opens = first?.method === 'initialize' && first.shape === 'request'
      if (opens && request.headers['mcp-session-id'] === undefined) return void open(request, owner, answer, hooks)
      const session = find(request, owner, answer)
      if (session === undefined) return
      if (opens) answer.refuse('SessionOpen', first.id)
      else session.post(request, answer, hooks)
    },
    listen(request, owner, answer, hooks) {
      const session = find(request, owner, answer)
      if (session === undefined || session.listen(answer, hooks)) return
      answer.refuse('StreamOpen')
    },
    remove(request, owner, answer) {
      const session = find(request, owner, answer)
      if (session === undefined) return
      void session.end('the client ended the session', true)
      answer.done()
    },
    makeRoom,
    close() {
      for (const session of sessions.values()) void session.end('the gateway is stopping')
    },
  }
}
