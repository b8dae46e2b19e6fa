import type { Denial, Finding, Message } from '../../exchange.ts'
import { judgeAnswer } from '../../evaluation/pipeline.ts'
import { readAnswer } from '../../mcp/message.ts'
import { messageName, passedOn, SseSplitter, type SseEvent } from '../../mcp/sse.ts'
import type { UpstreamHeaders } from '../../upstream/upstream.ts'
import { endWithTimeout } from '../../http/end-with-timeout.ts'
import { untaken, type AnswerOwner, type Waiting } from '../../http/memory.ts'
import { WriteProgress } from '../../http/write-progress.ts'
import { mapSteps, type MaybeWaitingSteps } from '../../evaluation/steps.ts'
import { runInTurns, type TurnOrder } from '../../evaluation/turns.ts'
import { countDecision, endCall, errorText, recordFindings, withholdAnswer } from '../settle.ts'
import type { AnswerWriter, CallControl } from './answer.ts'
import { responseHeaders } from '../forwarded-headers.ts'
import { answerOwner } from './owner.ts'
import { AnswerCorrelation } from './answer-correlation.ts'
import { pendingRequests } from '../admitted-call.ts'
import { eventSealer } from '../resumption.ts'
import { sealTasks } from './seal-tasks.ts'
import { unknownMethod } from './server-methods.ts'
import { sealedSession } from './session-id.ts'

/** Edges cut streams that are silent for longer; some clients give up after 10 s between bytes, most after 60. */
const keepAliveMilliseconds = 15_000
const comment = Buffer.from(':\n\n')

/** Each event that is withheld is a line in the audit log, and a server must not fill it. */
const maxWithheld = 16

/** How long a stream stays open when its final answer is out and the server does not end it. Milliseconds. */
const afterAnswer = 5_000

const cutOff = 'the stream ended without its answer'
const nothing = Buffer.alloc(0)

/** Only a session binds events to the caller who asked: the one that the request named, or that this answer opens. */
function eventsOf(call: CallControl, headers: UpstreamHeaders): ((id: string) => string | undefined) | undefined {
  const opened = call.admitted.session?.opened.upstream ?? headers['mcp-session-id']
  return call.caller.era === 'legacy' && typeof opened === 'string'
    ? eventSealer(call.server, call.caller.principal, opened, pendingRequests(call.admitted))
    : undefined
}

/**
 * A chunk from which on a stream gives way to all others before it is read on. A server that never stops talking is otherwise read for as long
 * as its socket has something, 32 reads at a time. Bytes.
 */
const bulk = 16 * 1024

/** What becomes of one event: its bytes, or the end of the stream. */
type Judged = { readonly bytes: Buffer } | { readonly denied: Denial; readonly findings: readonly Finding[] }

/** An answer event by event: each is read, judged and flushed at once, in the bytes in which it came unless a stage rewrote it. */
export class StreamAnswer implements AnswerWriter, TurnOrder, Waiting {
  readonly #call: CallControl
  readonly #splitter: SseSplitter
  readonly share: AnswerOwner
  /** Events that wait for the one that is being judged, and what comes after them. */
  #waiting: SseEvent[] = []
  #next = 0
  /** Judged bytes that wait for the end of their chunk. */
  #ready: Buffer[] = []
  #judging = false
  #after: (() => void) | undefined
  #reserved = 0
  #lastWrite: number
  #full = false
  #answered = false
  readonly #belonging: AnswerCorrelation
  readonly #sealEvent: ((id: string) => string | undefined) | undefined
  /** The client holds an id with which it can come back for what is left. */
  #resumable: boolean
  #unexpectedSoFar = 0
  #withheldSoFar = 0
  #half = { pending: 0, since: 0 }
  readonly #taking = new WriteProgress()

  constructor(call: CallControl, status: number, headers: UpstreamHeaders) {
    this.#call = call
    this.share = answerOwner(call)
    this.#belonging = new AnswerCorrelation(call)
    this.#sealEvent = eventsOf(call, headers)
    this.#resumable = call.admitted.resumed !== undefined
    const { res, services } = call.admitted.context
    this.#splitter = new SseSplitter(services.limits.maxBytes)
    this.#lastWrite = services.now()
    const out = responseHeaders(headers, 'text/event-stream', sealedSession(call, headers))
    if (headers['x-accel-buffering'] === undefined) out.push('x-accel-buffering', 'no')
    if (services.phase() !== 'serving') out.push('connection', 'close')
    res.writeHead(status, out)
    // The first byte may be long in coming, and a proxy on the way may hold the head until there is one.
    res.write(comment)
    services.held.waits(this)
  }

  data(chunk: Buffer): void {
    const { services } = this.#call.admitted.context
    if (!services.held.takeAnswer(this.share, chunk.length)) return this.#call.deny({ stage: 'upstream', code: 'Busy' })
    this.#reserved += chunk.length
    const { events, tooLarge } = this.#splitter.push(chunk)
    this.#waiting.push(...events)
    if (tooLarge) {
      const detail = 'an event is larger than the limit'
      this.#then(() => this.#call.deny({ stage: 'upstream', code: 'UpstreamTooLarge', detail }))
    }
    this.#pump()
    if (chunk.length >= bulk) this.#giveWay()
  }

  end(): void {
    this.#then(() => {
      const { res } = this.#call.admitted.context
      if (this.#isCutOff()) return this.#cutOff({ stage: 'upstream', code: 'UpstreamUnreachable', detail: cutOff })
      // An event that the end of the stream cut off was never dispatched (HTML, section 9.2.6), so it is not forwarded either.
      this.#call.finish(res.statusCode)
      endWithTimeout(res)
    })
    this.#pump()
  }

  broken(denial: Denial): void {
    this.#then(() => {
      const { res } = this.#call.admitted.context
      if (this.#isCutOff()) return this.#call.deny(denial)
      // A stream broke, and its client may come back for the rest.
      endCall(this.#call.admitted.context, denial)
      this.#call.finish(res.statusCode)
      // A clean end would tell the client that this was all.
      res.destroy()
    })
    this.#pump()
  }

  deny(denial: Denial): void {
    const { context } = this.#call.admitted
    // Whatever the refusal was about, no other answer comes on this stream.
    for (const { id } of this.#belonging.unanswered())
      if (id !== undefined) context.res.write(`event: message\ndata: ${errorText(context, { ...denial, id })}\n\n`)
    endWithTimeout(context.res)
  }

  owes(id: string): boolean {
    return this.#belonging.owes(id)
  }

  tick(now: number): void {
    if (this.#answered && now - this.#lastWrite > afterAnswer)
      return this.#call.complete(() => endWithTimeout(this.#call.admitted.context.res))
    if (this.#stuck(now))
      return this.#call.deny({ stage: 'upstream', code: 'UpstreamTimeout', detail: 'half an event' })
    const { res } = this.#call.admitted.context
    if (this.#taking.isLate(res.writableLength, now)) return void res.destroy()
    if (this.#reserved > 0 && !this.#judging && !this.#full) this.#holdUnwritten()
    // A client that has not taken the last bytes gets no more meanwhile.
    if (now - this.#lastWrite < keepAliveMilliseconds || res.writableLength > 0) return
    this.#lastWrite = now
    res.write(comment)
  }

  /** The final answer is out: a server that leaves the stream open afterwards says nothing more. */
  get sending(): boolean {
    return this.#answered
  }

  /** What Node still holds when the call is over is counted until the connection has it, or is gone. */
  release(): void {
    const { res, services } = this.#call.admitted.context
    this.#hold(res.destroyed ? 0 : res.writableLength)
    if (this.#reserved === 0) return services.held.settled(this)
    this.#taking.isLate(res.writableLength, services.now())
    res.once('close', () => this.#settle())
  }

  /** Since when its bytes wait for the client. */
  get since(): number {
    return this.#reserved > 0 ? this.#taking.since : Infinity
  }

  giveWay(): void {
    this.#call.deny(untaken)
    this.#call.admitted.context.res.destroy()
    this.#settle()
  }

  #settle(): void {
    this.#hold(0)
    this.#call.admitted.context.services.held.settled(this)
  }

  /** The client waits for an answer that cannot come any more. */
  #isCutOff(): boolean {
    return !this.#resumable && this.#belonging.unanswered().length > 0
  }

  #cutOff(denial: Denial): void {
    const { services, decision } = this.#call.admitted.context
    const { code, detail } = denial
    services.log.warn('upstream failed', { decision, server: this.#call.server.name, code, detail })
    this.#call.deny(denial)
  }

  /** A stream may be silent for ever, but not in the middle of an event: its bytes are held meanwhile. */
  #stuck(now: number): boolean {
    const { pending } = this.#splitter
    if (pending === 0 || pending !== this.#half.pending) this.#half = { pending, since: now }
    return pending > 0 && now - this.#half.since > this.#call.server.timeouts.idle
  }

  #giveWay(): void {
    if (this.#judging || this.#full || this.#call.over) return
    this.#call.pause()
    setImmediate(() => {
      if (!this.#judging && !this.#full && !this.#call.over) this.#call.resume()
    })
  }

  /** Half an event, and what Node holds for a client that has not taken it. */
  #holdUnwritten(): void {
    this.#hold(this.#splitter.pending + this.#call.admitted.context.res.writableLength)
  }

  #hold(bytes: number): void {
    const { held } = this.#call.admitted.context.services
    if (bytes < this.#reserved) held.giveAnswer(this.share, this.#reserved - bytes)
    this.#reserved = Math.min(this.#reserved, bytes)
  }

  /** What happens when all events before it are out. */
  #then(act: () => void): void {
    this.#after ??= act
  }

  /** For whom answers are judged. */
  get owner(): string {
    return this.#call.admitted.context.principal ?? ''
  }

  isWanted(): boolean {
    return !this.#call.over
  }

  wait(promise: Promise<void>): Promise<void> {
    return this.#call.wait(promise)
  }

  /** Judges event after event; one that takes its time holds back those behind it, and the server. What a chunk brought goes out in one write. */
  #pump(): void {
    while (!this.#judging && !this.#full && !this.#call.over) {
      const event = this.#waiting[this.#next]
      if (!event) break
      this.#next += 1
      this.#judging = true
      let turns = false
      const done = (judged: Judged): void => {
        this.#judging = false
        if (this.#call.over) return
        if ('denied' in judged) {
          this.#flush()
          return this.#call.deny(judged.denied, judged.findings)
        }
        if (judged.bytes.length > 0) this.#ready.push(judged.bytes)
        if (turns) this.#goOn()
      }
      runInTurns(this.#judge(event), this, done, error => this.#call.fault(error))
      turns = true
    }
    if (this.#call.over) return
    this.#flush()
    if (this.#judging || this.#full) return this.#call.pause()
    this.#waiting = []
    this.#next = 0
    this.#holdUnwritten()
    this.#after?.()
  }

  #goOn(): void {
    if (this.#judging || this.#full || this.#call.over) return
    this.#call.resume()
    this.#pump()
  }

  #flush(): void {
    if (this.#ready.length === 0) return
    const bytes = this.#ready.length === 1 ? this.#ready[0]! : Buffer.concat(this.#ready)
    this.#ready = []
    const { res, services } = this.#call.admitted.context
    this.#lastWrite = services.now()
    this.#taking.wrote(bytes.length)
    if (res.write(bytes)) return
    this.#full = true
    res.once('drain', () => {
      this.#full = false
      this.#goOn()
    })
  }

  #judge(event: SseEvent): MaybeWaitingSteps<Judged> {
    const { data } = event
    if (event.dubious) return this.#unreadable('a line that a careless reader takes for data')
    if (!data) return { bytes: this.#passedOn(event) }
    if (event.event !== undefined && event.event !== '' && event.event !== messageName)
      return this.#unexpected('an event of another name')
    const { server, caller, admitted } = this.#call
    const { limits } = admitted.context.services
    const read = readAnswer(data, limits)
    if (!('message' in read)) return this.#batchOrUnreadable(read)
    const out = unknownMethod(read.message, caller.era)
    if (out) return this.#withheld(out, [])
    const unexpected = this.#belonging.unexpected(read.message)
    if (unexpected !== undefined) return this.#unexpected(unexpected)
    const sealed = sealTasks(this.#call, read.message, limits)
    if ('dropped' in sealed) return this.#dropped(read.message, sealed.dropped)
    if ('denied' in sealed) return this.#refused(read.message, sealed.denied, [])
    return mapSteps(judgeAnswer(server.reversed, caller, sealed.message, limits), judged => {
      if (judged.denied) return this.#refused(read.message, judged.denied, judged.findings)
      if (this.#belonging.answer(read.message)) this.#answered = true
      if (judged.findings.length > 0) recordFindings(admitted.context, judged.findings)
      return { bytes: this.#passedOn(event, judged.message === read.message ? undefined : judged.message.bytes) }
    })
  }

  /** What a client may come back with is bound to its session; ids that no session binds are not given out. */
  #passedOn(event: SseEvent, data?: Buffer): Buffer {
    const id = event.id === undefined ? undefined : this.#sealEvent?.(event.id)
    if (id !== undefined) this.#resumable = true
    return passedOn(event, id, data)
  }

  /** What is not for this client goes no further. The first one is told in the audit log: a server must not fill it. */
  #unexpected(detail: string): Judged {
    const { context } = this.#call.admitted
    const code = 'UpstreamMisdirected'
    this.#unexpectedSoFar += 1
    if (this.#unexpectedSoFar === 1) withholdAnswer(context, { stage: 'upstream', code, detail })
    else countDecision(context, code)
    return { bytes: nothing }
  }

  /** A refused answer is one, an event about the task of another caller goes no further. */
  #dropped(message: Message, detail: string): Judged {
    if (message.shape !== 'response') return this.#unexpected(detail)
    return this.#refused(message, { stage: 'tasks', code: 'TaskNotFound', detail }, [])
  }

  /** No server sends arrays in events any more; one that does is not followed there. */
  #batchOrUnreadable(read: { batch: readonly unknown[] } | { denied: Denial }): Judged {
    if ('batch' in read) return this.#unreadable('a batch in an event')
    const { code, detail, id } = read.denied
    this.#belonging.withheld(id)
    return this.#unreadable(`${code}: ${detail ?? ''}`, id)
  }

  #unreadable(detail: string, id?: string): Judged {
    const denied: Denial = {
      stage: 'upstream',
      code: 'UpstreamUnreadable',
      detail,
      ...(id === undefined ? {} : { id }),
    }
    return { denied, findings: [] }
  }

  /**
   * A refused answer ends the stream with an error for its id. A refused notification or request of the server has no id that the client waits
   * for: on a stream that answers nothing (GET) it is withheld alone, since to end the stream would make the client ask for it again.
   */
  #refused({ shape, id }: Message, denied: Denial, findings: readonly Finding[]): Judged {
    const { messages } = this.#call.admitted
    if (shape === 'response') this.#belonging.withheld(id)
    if (messages.length > 0 || shape === 'response') return { denied, findings }
    return this.#withheld(denied, findings)
  }

  #withheld(denial: Denial, findings: readonly Finding[]): Judged {
    const { context } = this.#call.admitted
    this.#withheldSoFar += 1
    if (this.#withheldSoFar > maxWithheld) {
      const { stage, code } = denial
      return { denied: { stage, code, detail: 'too many events that had to be withheld' }, findings }
    }
    withholdAnswer(context, denial, findings)
    return { bytes: Buffer.from(`: withheld, decision ${context.decision}\n\n`) }
  }
}
