import type { ErrorCode } from '../../errors.ts'
import type { Message } from '../../exchange.ts'
import type { UpstreamRequest } from '../upstream.ts'
import { idOfLong, readLine } from './arrival.ts'
import { idleTimer } from './idle.ts'
import type { Launcher } from './launch.ts'
import type { Reply, ReplyHooks } from './reply.ts'
import { serverStream } from './server-stream.ts'
import { statusOf } from './status.ts'
import { tokenAt } from './token.ts'

/** One legacy session: one process of its own, from `initialize` until DELETE, idleness or death. */
export type ChildSession = {
  /** Who opened it; to others it does not exist. */
  readonly owner: string
  post(request: UpstreamRequest, answer: Reply, hooks: ReplyHooks): void
  /** Opens the server stream. False: it is open already. */
  listen(answer: Reply, hooks: ReplyHooks): boolean
  /** The revision that was agreed on, as soon as it is known. */
  readonly revision: string | undefined
  /** Ends the process; resolves when it is gone. What waits fails, but for the server stream if the client asked for the end. */
  end(reason: string, asked?: boolean): Promise<void>
  /** Since when nothing happened; undefined while a stream is open or a request waits. */
  quietSince(): number | undefined
}

/** One POST that waits: for one answer, or for those of a batch. */
type Flight = { readonly answer: Reply; left: number; readonly opening: boolean }

type Waiting = { readonly flight: Flight; readonly progress: string | undefined }

/** A body that begins so is a batch. */
const OPEN_BRACKET = 0x5b

/** Messages that concern the server as a whole, whatever else is going on. */
const unrelated = /^notifications\/(?:(?:tools|prompts|resources)\/list_changed|resources\/updated)$/

/**
 * Starts a process for one session. `ended` is called once, when the session can no longer be used. Undefined when there may be no more
 * processes.
 */
export function openSession(host: Launcher, id: string, owner: string, ended: () => void): ChildSession | undefined {
  const { options, junk } = host
  const { limits } = options
  const waiting = new Map<string, Waiting>()
  const slow = new Set<Reply>()
  let revision: string | undefined
  let over = false

  const child = host.launch(owner, {
    line: read,
    tooLong: (head, tail) => lost(idOfLong(head, tail), 'UpstreamTooLarge', 'its line is too long'),
    gone: reason => void end(reason),
  })
  if (child === undefined) return undefined

  const stream = serverStream(limits.maxBuffered, junk)
  const busy = () => stream.open || [...waiting.values()].some(({ flight }) => flight.answer.open)
  const idle = idleTimer(options.clock, limits.idleAfter, busy, () => void end('it was idle'))

  function end(reason: string, asked = false): Promise<void> {
    const stopped = child?.stop() ?? Promise.resolve()
    if (over) return stopped
    over = true
    idle.stop()
    for (const { flight } of waiting.values()) flight.answer.fail('UpstreamUnreachable', `the process ended: ${reason}`)
    waiting.clear()
    if (asked) stream.end()
    else stream.fail(reason)
    ended()
    return stopped
  }

  function read(line: Buffer): void {
    const arrival = readLine(line, limits)
    if ('junk' in arrival) return junk.count('notMessages', arrival.junk)
    if ('message' in arrival) return route(arrival.message)
    if (!lost(arrival.unreadable, 'UpstreamUnreadable', arrival.detail)) junk.count('notMessages', arrival.detail)
  }

  /** An answer came and cannot be given. False when no caller waits for it. */
  function lost(token: string | undefined, code: ErrorCode, detail: string): boolean {
    const found = token === undefined ? undefined : waiting.get(token)
    if (token === undefined || found === undefined) return false
    waiting.delete(token)
    found.flight.answer.fail(code, detail)
    return true
  }

  function route(message: Message): void {
    if (message.shape === 'response') return answered(message)
    const flight = flightOf(message)
    const late = message.method === 'notifications/progress' && !stream.open
    if (flight === undefined && late) junk.count('unexpected', 'progress of no call')
    else if (flight === undefined) stream.send(message.bytes)
    else flight.answer.event(message.bytes)
  }

  function answered(message: Message): void {
    const found = message.id === undefined ? undefined : waiting.get(message.id)
    if (message.id === undefined || found === undefined) return junk.count('unexpected', 'an answer without a request')
    idle.touch()
    waiting.delete(message.id)
    const { flight } = found
    flight.left -= 1
    if (flight.opening) return opened(message, flight)
    if (flight.left > 0) flight.answer.event(message.bytes)
    else flight.answer.answer(message.bytes)
  }

  function opened(message: Message, { answer }: Flight): void {
    if (message.error !== undefined) {
      answer.answer(message.bytes, statusOf(message.error, 'legacy'))
      void end('it refused to initialize')
      return
    }
    const { protocolVersion } = message.result as { readonly protocolVersion?: unknown }
    if (typeof protocolVersion === 'string') revision = protocolVersion
    answer.answer(message.bytes, 200, { 'mcp-session-id': id })
  }

  /** The POST on whose stream a message of the server belongs, if there is one. A child does not say, so only progress is certain. */
  function flightOf(message: Message): Flight | undefined {
    const live = [...waiting.values()].filter(({ flight }) => flight.answer.open && !flight.opening)
    if (message.method === 'notifications/progress') {
      const token = tokenAt(message.bytes, ['params', 'progressToken'])
      return live.find(({ progress }) => progress === token)?.flight
    }
    const flights = new Set(live.map(({ flight }) => flight))
    if (message.shape === 'request') return [...flights].at(-1)
    return flights.size === 1 && !unrelated.test(message.method ?? '') ? [...flights][0] : undefined
  }

  /** The streams of a session share its process, so the slowest of them holds up the others. */
  function watch(answer: Reply, hooks: ReplyHooks): void {
    // A client that loses its stream may come back: the quiet begins now.
    hooks.cancelled = () => idle.touch()
    hooks.slow = isSlow => {
      if (isSlow) slow.add(answer)
      else slow.delete(answer)
      if (slow.size > 0) child?.pause()
      else child?.resume()
    }
  }

  function post(request: UpstreamRequest, answer: Reply, hooks: ReplyHooks): void {
    idle.touch()
    watch(answer, hooks)
    if (over) return answer.refuse('SessionNotFound', request.messages[0]?.id)
    const asked = request.messages.filter(({ shape }) => shape === 'request')
    const clash = asked.find(
      ({ id }, at) => id === undefined || waiting.has(id) || asked.findIndex(m => m.id === id) < at,
    )
    if (clash !== undefined) return answer.refuse('RequestIdInUse', clash.id)
    if (waiting.size + asked.length > limits.maxPending) return answer.fail('Busy', 'too many requests in flight')
    const opening = asked.some(({ method }) => method === 'initialize')
    // No client will ever learn the id of a session whose client went away before it was opened.
    if (opening) hooks.cancelled = () => void end('the client went away')
    awaitAnswers(asked, { answer, left: asked.length, opening })
    if (!request.messages.every(pass)) return untaken(asked, answer)
    if (asked.length === 0) answer.accepted()
    else if (request.body?.[0] === OPEN_BRACKET) answer.stream()
  }

  function awaitAnswers(asked: readonly Message[], flight: Flight): void {
    for (const { id, bytes } of asked) {
      waiting.set(id ?? '', { flight, progress: tokenAt(bytes, ['params', '_meta', 'progressToken']) })
    }
  }

  function pass(message: Message): boolean {
    if (child?.send(message.bytes) !== true) return false
    if (message.method === 'notifications/cancelled') cancelled(message)
    return true
  }

  function untaken(asked: readonly Message[], answer: Reply): void {
    for (const { id } of asked) waiting.delete(id ?? '')
    answer.fail('Busy', 'the process does not read its input')
  }

  /** The child need not answer what was cancelled, so the POST that waits for it ends. */
  function cancelled(message: Message): void {
    const token = tokenAt(message.bytes, ['params', 'requestId'])
    const found = token === undefined ? undefined : waiting.get(token)
    if (token === undefined || found === undefined || found.flight.opening) return
    waiting.delete(token)
    found.flight.left -= 1
    if (found.flight.left === 0) found.flight.answer.end()
  }

  return {
    owner,
    post,
    listen(answer, hooks) {
      idle.touch()
      watch(answer, hooks)
      return stream.attach(answer)
    },
    get revision() {
      return revision
    },
    end,
    quietSince: () => idle.quietSince(),
  }
}
