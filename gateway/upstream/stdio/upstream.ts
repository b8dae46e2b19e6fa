import { accepts } from './accepts.ts'
import type { Message } from '../../exchange.ts'
import { claimedRevision, eraOf } from '../../mcp/era.ts'
import type { Upstream, UpstreamCall, UpstreamRequest, UpstreamSink } from '../upstream.ts'
import { eraKeeper } from './eras.ts'
import type { JunkCounts } from './junk.ts'
import { launcher } from './launch.ts'
import type { StdioOptions } from './options.ts'
import { modernPool } from './pool.ts'
import { reply } from './reply.ts'
import type { Reply, ReplyHooks } from './reply.ts'
import { sessionTable } from './sessions.ts'

const ignoringSink: UpstreamSink = {
  head: () => undefined,
  data: () => undefined,
  end: () => undefined,
  fail: () => undefined,
  refuse: () => undefined,
}

/** A stdio server, with what was dropped of its output so far. */
export type StdioUpstream = Upstream & { readonly dropped: Readonly<JunkCounts> }

const streamTypes = ['text/event-stream']
const postTypes = ['application/json', ...streamTypes]

/**
 * Streamable HTTP over child processes, which two principals never share: legacy sessions with a process each, modern requests over one process of the principal, and to clients
 * the era of the child (protocol.md sections 4.1 and 4.2). Nothing is started before the first call.
 */
export function stdioUpstream(options: StdioOptions): StdioUpstream {
  const host = launcher(options)
  const pool = modernPool(host)
  const eras = eraKeeper(host, pool)
  const sessions = sessionTable(host)
  let closed = false

  function modern(request: UpstreamRequest, message: Message, answer: Reply, hooks: ReplyHooks): void {
    const owner = request.principal.id
    // HTTP clients cancel by closing the stream. An id in a message could be that of another client of the same principal.
    if (message.method === 'notifications/cancelled') return answer.accepted()
    const serve = (): void => {
      const requested = claimedRevision(message)
      const { supported } = eras
      if (requested !== undefined && supported?.includes(requested) === false) {
        // A child on a pipe agreed on its revision once and need not look again; an HTTP server has to, at every request.
        return answer.refuse('RevisionNotServed', message.id, { supported, requested })
      }
      const channel = pool.take(owner)
      if (channel === 'busy') void roomFor(owner, answer, serve)
      else if (channel === 'backoff') unavailable(answer, channel)
      else if (message.shape === 'request') channel.request(message, request.headers, answer, hooks)
      else if (channel.notify(message)) answer.accepted()
      else answer.fail('Busy', 'the process does not read its input')
    }
    if (eras.known === 'modern') return serve()
    void afterProbe(owner, message, answer, serve)
  }

  async function roomFor(owner: string, answer: Reply, again: () => void): Promise<void> {
    if (!(await sessions.makeRoom(owner))) unavailable(answer, 'busy')
    else if (answer.open) again()
  }

  async function afterProbe(owner: string, message: Message, answer: Reply, serve: () => void): Promise<void> {
    const era = await eras.ask(owner)
    if (!answer.open) return
    if (era === 'modern') serve()
    else if (era === 'legacy') answer.refuse('SessionRequired', message.id)
    else if (era === 'busy') await roomFor(owner, answer, () => void afterProbe(owner, message, answer, serve))
    else unavailable(answer, era)
  }

  function post(request: UpstreamRequest, answer: Reply, hooks: ReplyHooks): void {
    const [message] = request.messages
    if (message === undefined) return answer.refuse('InvalidRequest')
    if (!accepts(request.headers.accept, postTypes)) return answer.refuse('NotAcceptable', message.id)
    const era = eraOf(message, request.headers['mcp-protocol-version'])
    if (!('era' in era)) answer.refuse(era.code, era.id)
    else if (era.era === 'modern' && request.messages.length === 1) modern(request, message, answer, hooks)
    else sessions.post(request, request.principal.id, answer, hooks)
  }

  function route(request: UpstreamRequest, answer: Reply, hooks: ReplyHooks): void {
    if (closed) return answer.fail('ShuttingDown', 'the gateway is stopping')
    if (request.method === 'POST') return post(request, answer, hooks)
    const nothing = request.headers['mcp-session-id'] === undefined && eras.known === 'modern'
    if (nothing) return answer.refuse('MethodNotAllowed')
    const stream = request.method === 'GET'
    if (stream && !accepts(request.headers.accept, streamTypes)) return answer.refuse('NotAcceptable')
    if (stream) sessions.listen(request, request.principal.id, answer, hooks)
    else sessions.remove(request, request.principal.id, answer)
  }

  function open(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const hooks: ReplyHooks = { cancelled() {}, slow() {} }
    const answer = reply(sink, options.limits.maxBacklog, hooks)
    route(request, answer, hooks)
    return answer.call
  }

  return {
    dropped: host.junk.counts,
    open,
    notify: request => void open(request, ignoringSink),
    async close() {
      closed = true
      sessions.close()
      pool.close()
      await host.stopAll()
    },
  }
}

function unavailable(answer: Reply, why: 'busy' | 'backoff' | 'unstarted'): void {
  if (why === 'busy') answer.fail('Busy', 'no more processes allowed')
  else if (why === 'backoff') answer.fail('UpstreamUnreachable', 'the process died repeatedly and is not started yet')
  else answer.fail('UpstreamUnreachable', 'the program could not be run')
}
