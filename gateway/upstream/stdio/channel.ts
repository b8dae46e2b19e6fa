import type { ErrorCode } from '../../errors.ts'
import type { Message } from '../../exchange.ts'
import { checkHeaders } from '../../mcp/headers.ts'
import type { ParamHeader, RequestHeaders } from '../../mcp/headers.ts'
import { idOfLong, readLine } from './arrival.ts'
import { idleTimer } from './idle.ts'
import type { Launcher } from './launch.ts'
import type { Reply, ReplyHooks } from './reply.ts'
import { discoverRequest, probeId, verdictOf } from './probe.ts'
import type { ProbeVerdict } from './probe.ts'
import { statusOf } from './status.ts'
import { annotatedTools } from './tool-headers.ts'
import { tokenAt, withTokens } from './token.ts'

const subscriptionId = 'io.modelcontextprotocol/subscriptionId'
const logLevel = 'io.modelcontextprotocol/logLevel'

/** Where a notification of the server says to which request it belongs; all others do it by their subscription. */
const referenceOf: Readonly<Record<string, readonly string[]>> = {
  'notifications/progress': ['params', 'progressToken'],
  'notifications/cancelled': ['params', 'requestId'],
}

/** Tools of one process whose headers are compared; a server that lists tools without end fills no memory. */
const MAX_ANNOTATED = 10_000

/** One process of a modern server: serves all requests of one principal, each under an id of its own. */
export type ChildChannel = {
  /** Asks the process for its era. Resolves when it has answered or died, which may be never. */
  discover(): Promise<ProbeVerdict>
  request(message: Message, headers: RequestHeaders, answer: Reply, hooks: ReplyHooks): void
  notify(message: Message): boolean
  stop(): void
}

type Call = {
  readonly answer: Reply
  /** The caller's own tokens, as spelled. */
  readonly id: string
  readonly progress: string | undefined
  readonly listens: boolean
  /** It asks for the tools: for the list from its beginning, or for a further page. */
  readonly tools: 'all' | 'page' | undefined
  readonly wantsLog: boolean
}

/** @param ended called once when the process can no longer be used; `died` is false when it was idle */
export function openChannel(host: Launcher, owner: string, ended: (died: boolean) => void): ChildChannel | undefined {
  const { options, junk } = host
  const { limits } = options
  const calls = new Map<string, Call>()
  const slow = new Set<string>()
  const annotated = new Map<string, readonly ParamHeader[]>()
  const probe = Promise.withResolvers<ProbeVerdict>()
  let ids = 0
  let over = false

  const child = host.launch(owner, {
    line: read,
    tooLong: (head, tail) => lost(idOfLong(head, tail), 'UpstreamTooLarge', 'its line is too long'),
    gone(reason, started) {
      probe.resolve(started ? 'died' : 'unstarted')
      end(reason, true)
    },
  })
  if (child === undefined) return undefined
  const process = child
  const idle = idleTimer(
    options.clock,
    limits.idleAfter,
    () => calls.size > 0,
    () => end('it was idle', false),
  )

  function end(reason: string, died: boolean): void {
    if (over) return
    over = true
    idle.stop()
    probe.resolve('died')
    for (const { answer } of calls.values()) answer.fail('UpstreamUnreachable', `the process ended: ${reason}`)
    calls.clear()
    void process.stop()
    ended(died)
  }

  function read(line: Buffer): void {
    const arrival = readLine(line, limits)
    if ('junk' in arrival) return junk.count('notMessages', arrival.junk)
    if ('unreadable' in arrival) {
      if (!lost(arrival.unreadable, 'UpstreamUnreadable', arrival.detail)) junk.count('notMessages', arrival.detail)
      return
    }
    const { message } = arrival
    if (message.shape === 'response') answered(message)
    else if (message.shape === 'notification') notified(message)
    else refuseRequest(message)
  }

  /** An answer came and cannot be given. False when no caller waits for it. */
  function lost(own: string | undefined, code: ErrorCode, detail: string): boolean {
    if (own === probeId) probe.resolve('legacy')
    const call = own === undefined ? undefined : calls.get(own)
    if (own === undefined || call === undefined) return false
    calls.delete(own)
    call.answer.fail(code, detail)
    return true
  }

  function answered(message: Message): void {
    const own = message.id ?? ''
    if (own === probeId) return probe.resolve(verdictOf(message))
    const call = calls.get(own)
    if (call === undefined) return stray(own, 'an answer without a request')
    idle.touch()
    calls.delete(own)
    if (call.tools !== undefined) learn(call.tools, message.result)
    const path = ['result', '_meta', subscriptionId]
    const changes = [{ path: ['id'], token: call.id }]
    if (tokenAt(message.bytes, path) === own) changes.push({ path, token: call.id })
    call.answer.answer(withTokens(message.bytes, changes), statusOf(message.error, 'modern'))
  }

  function notified(message: Message): void {
    const { bytes, method = '' } = message
    const path = referenceOf[method] ?? ['params', '_meta', subscriptionId]
    const own = tokenAt(bytes, path)
    if (own === undefined) return logged(message)
    const call = calls.get(own)
    const token = method === 'notifications/progress' ? call?.progress : call?.listens === true ? call.id : undefined
    if (call === undefined || token === undefined) {
      return stray(own, 'a notification that belongs to no call')
    }
    call.answer.event(withTokens(bytes, [{ path, token }]))
    if (method !== 'notifications/cancelled') return
    // The only request that a server may cancel is a subscription, and that is one way to end it.
    calls.delete(own)
    call.answer.end()
  }

  /** What concerns a request that was cancelled meanwhile is no fault of the server; all else that finds no call is counted. */
  function stray(own: string, detail: string): void {
    const cancelled = !calls.has(own) && Number(own) <= ids
    if (!cancelled) junk.count('unexpected', detail)
  }

  /** A log message names no request. It may go to a call only if no other can be meant. */
  function logged({ bytes, method }: Message): void {
    const [one, other] = [...calls.values()].filter(({ wantsLog }) => wantsLog)
    if (method !== 'notifications/message' || one === undefined || other !== undefined) {
      return junk.count('unexpected', 'a notification that names no call')
    }
    one.answer.event(bytes)
  }

  /** This revision has no requests of the server, and one without an answer would wait for ever. */
  function refuseRequest({ id }: Message): void {
    junk.count('unexpected', 'a request of a modern server')
    process.send(
      Buffer.from(`{"jsonrpc":"2.0","id":${id ?? '0'},"error":{"code":-32601,"message":"Method not found"}}`),
    )
  }

  function request(message: Message, headers: RequestHeaders, answer: Reply, hooks: ReplyHooks): void {
    idle.touch()
    if (mismatch(message, headers)) return answer.refuse('HeaderMismatch', message.id)
    if (over) return answer.fail('UpstreamUnreachable', 'the process ended')
    if (calls.size >= limits.maxPending) return answer.fail('Busy', 'too many requests in flight')
    const own = String(++ids)
    const meta = ['params', '_meta']
    const call: Call = {
      answer,
      id: message.id ?? 'null',
      progress: tokenAt(message.bytes, [...meta, 'progressToken']),
      listens: message.method === 'subscriptions/listen',
      tools: message.method === 'tools/list' ? pageOf(message.bytes) : undefined,
      wantsLog: tokenAt(message.bytes, [...meta, logLevel]) !== undefined,
    }
    calls.set(own, call)
    hooks.cancelled = () => cancel(own)
    hooks.slow = isSlow => throttle(own, isSlow)
    const changes = [
      { path: ['id'], token: own },
      { path: [...meta, 'progressToken'], token: own },
    ]
    if (process.send(withTokens(message.bytes, changes))) return
    calls.delete(own)
    answer.fail('Busy', 'the process does not read its input')
  }

  /** Whether a header for an argument differs from it: the child sees no headers, so nothing else would ever compare. */
  function mismatch(message: Message, headers: RequestHeaders): boolean {
    const { name } = (message.params ?? {}) as { readonly name?: unknown }
    const known = message.method === 'tools/call' && typeof name === 'string' && annotated.has(name)
    return known && checkHeaders(message, headers, annotated) !== undefined
  }

  function learn(part: 'all' | 'page', result: unknown): void {
    if (part === 'all' && result !== undefined) annotated.clear()
    for (const [name, params] of annotatedTools(result)) if (annotated.size < MAX_ANNOTATED) annotated.set(name, params)
  }

  function cancel(own: string): void {
    if (!calls.delete(own)) return
    process.send(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${own}}}`))
  }

  /** All callers of a process are one principal, so the slowest of them may hold up the others. */
  function throttle(own: string, isSlow: boolean): void {
    if (isSlow) slow.add(own)
    else slow.delete(own)
    if (slow.size > 0) process.pause()
    else process.resume()
  }

  return {
    discover() {
      process.send(discoverRequest)
      return probe.promise
    },
    request,
    notify: message => process.send(message.bytes),
    stop: () => end('it was stopped', false),
  }
}

function pageOf(request: Buffer): 'all' | 'page' {
  return tokenAt(request, ['params', 'cursor']) === undefined ? 'all' : 'page'
}
