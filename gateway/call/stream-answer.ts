import type { Denial, Finding, Message } from '../exchange.ts'
import { judgeAnswer } from '../pipeline.ts'
import { readAnswer } from '../mcp/message.ts'
import { SseSplitter, withData, type SseEvent } from '../mcp/sse.ts'
import type { UpstreamHeaders } from '../upstream/upstream.ts'
import { renderError } from '../answer.ts'
import { endSoon } from '../http/end-soon.ts'
import type { AnswerOwner } from '../http/memory.ts'
import { Taking } from '../http/taking.ts'
import { inTurns, type Soon, whenThere } from '../turns.ts'
import { record } from './attempt.ts'
import type { Answer, Answering } from './admission.ts'
import { responseHeaders } from './forwarded.ts'
import { ownerOf } from './owner.ts'
import { outOfPlace } from './server-methods.ts'
import { sealedSession } from './session-id.ts'

/** Edges cut streams that are silent for longer; some clients give up after 10 s between bytes, most after 60. */
const keepAliveMilliseconds = 15_000
const comment = Buffer.from(':\n\n')

/** Each event that is withheld is a line in the audit log, and a server must not fill it. */
const maxWithheld = 16

/** How long a stream stays open when its final answer is out and the server does not end it. Milliseconds. */
const afterAnswer = 5_000

/**
 * A chunk from which on a stream gives way to all others before it is read on. A server that never stops talking is otherwise read for as long
 * as its socket has something, 32 reads at a time. Bytes.
 */
const bulk = 16 * 1024

/** What becomes of one event: its bytes, or the end of the stream. */
type Judged = { readonly bytes: Buffer } | { readonly denied: Denial; readonly findings: readonly Finding[] }

/** An answer event by event: each is read, judged and flushed at once, in the bytes in which it came unless a stage rewrote it. */
export class StreamAnswer implements Answer {
  readonly #call: Answering
  readonly #splitter: SseSplitter
  readonly #owner: AnswerOwner
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
  #withheldSoFar = 0
  #half = { pending: 0, since: 0 }
  readonly #taking = new Taking()

  constructor(call: Answering, status: number, headers: UpstreamHeaders) {
    this.#call = call
    this.#owner = ownerOf(call)
    const { res, services } = call.admission.attempt
    this.#splitter = new SseSplitter(services.limits.maxBytes)
    this.#lastWrite = services.now()
    const out = responseHeaders(headers, 'text/event-stream', sealedSession(call, headers))
    if (headers['x-accel-buffering'] === undefined) out.push('x-accel-buffering', 'no')
    if (services.phase() !== 'serving') out.push('connection', 'close')
    res.writeHead(status, out)
    // The first byte may be long in coming, and a proxy on the way may hold the head until there is one.
    res.write(comment)
  }

  data(chunk: Buffer): void {
    const { services } = this.#call.admission.attempt
    if (!services.held.takeAnswer(this.#owner, chunk.length))
      return this.#call.deny({ stage: 'upstream', code: 'Busy' })
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
      const { res } = this.#call.admission.attempt
      // An event that the end of the stream cut off was never dispatched (HTML, section 9.2.6), so it is not forwarded either.
      this.#call.finish(res.statusCode)
      endSoon(res)
    })
    this.#pump()
  }

  broken(): void {
    this.#then(() => {
      const { res } = this.#call.admission.attempt
      this.#call.finish(res.statusCode)
      // A clean end would tell the client that this was all.
      res.destroy()
    })
    this.#pump()
  }

  deny(denial: Denial): void {
    const { attempt } = this.#call.admission
    if (denial.id !== undefined) attempt.res.write(`event: message\ndata: ${renderError(denial, attempt.decision)}\n\n`)
    endSoon(attempt.res)
  }

  tick(now: number): void {
    if (this.#answered && now - this.#lastWrite > afterAnswer)
      return this.#call.complete(() => endSoon(this.#call.admission.attempt.res))
    if (this.#stuck(now))
      return this.#call.deny({ stage: 'upstream', code: 'UpstreamTimeout', detail: 'half an event' })
    const { res } = this.#call.admission.attempt
    if (this.#taking.late(res.writableLength, now)) return void res.destroy()
    if (this.#reserved > 0 && !this.#judging && !this.#full) this.#holdUnwritten()
    // Whoever has not taken the last bytes is not kept waiting by more.
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
    const { res } = this.#call.admission.attempt
    this.#hold(res.destroyed ? 0 : res.writableLength)
    if (this.#reserved > 0) res.once('close', () => this.#hold(0))
  }

  /** A stream may be silent for ever, but not in the middle of an event: its bytes are held meanwhile. */
  #stuck(now: number): boolean {
    const { pending } = this.#splitter
    if (pending === 0 || pending !== this.#half.pending) this.#half = { pending, since: now }
    return pending > 0 && now - this.#half.since > this.#call.server.idleTimeout
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
    this.#hold(this.#splitter.pending + this.#call.admission.attempt.res.writableLength)
  }

  #hold(bytes: number): void {
    const { held } = this.#call.admission.attempt.services
    if (bytes < this.#reserved) held.giveAnswer(this.#owner, this.#reserved - bytes)
    this.#reserved = Math.min(this.#reserved, bytes)
  }

  /** What happens when all events before it are out. */
  #then(act: () => void): void {
    this.#after ??= act
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
        this.#ready.push(judged.bytes)
        if (turns) this.#goOn()
      }
      inTurns(this.#judge(event), done, error => this.#call.fault(error))
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
    const { res, services } = this.#call.admission.attempt
    this.#lastWrite = services.now()
    this.#taking.wrote(bytes.length)
    if (res.write(bytes)) return
    this.#full = true
    res.once('drain', () => {
      this.#full = false
      this.#goOn()
    })
  }

  #judge(event: SseEvent): Soon<Judged> {
    const { data, raw } = event
    if (event.dubious) return this.#unreadable('a line that a careless reader takes for data')
    if (!data) return { bytes: raw }
    const { server, caller, admission } = this.#call
    const { limits } = admission.attempt.services
    const read = readAnswer(data, limits)
    if (!('message' in read)) return this.#batchOrUnreadable(read)
    const out = outOfPlace(read.message, caller.era)
    if (out) return this.#withheld(out, [])
    return whenThere(judgeAnswer(server.reversed, caller, read.message, limits), judged => {
      if (judged.denied) return this.#refused(read.message, judged.denied, judged.findings)
      if (read.message.shape === 'response' && admission.messages.some(({ id }) => id === read.message.id))
        this.#answered = true
      if (judged.findings.length > 0) this.#found(judged.findings)
      return { bytes: judged.message === read.message ? raw : withData(event, judged.message.bytes) }
    })
  }

  #found(findings: readonly Finding[]): void {
    record(this.#call.admission.attempt, { event: 'mcp_answer', verdict: 'allow', findings })
  }

  /** Nobody sends arrays in events any more; one that does is not followed there. */
  #batchOrUnreadable(read: { batch: readonly unknown[] } | { denied: Denial }): Judged {
    if ('batch' in read) return this.#unreadable('a batch in an event')
    const { code, detail, id } = read.denied
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
  #refused({ shape }: Message, denied: Denial, findings: readonly Finding[]): Judged {
    const { messages } = this.#call.admission
    if (messages.length > 0 || shape === 'response') return { denied, findings }
    return this.#withheld(denied, findings)
  }

  #withheld({ code, stage, detail }: Denial, findings: readonly Finding[]): Judged {
    const { attempt } = this.#call.admission
    this.#withheldSoFar += 1
    if (this.#withheldSoFar > maxWithheld)
      return { denied: { stage, code, detail: 'too many events that had to be withheld' }, findings }
    record(attempt, { event: 'mcp_answer', verdict: 'deny', code, stage, findings, detail })
    attempt.services.metrics.decision(this.#call.server.name, code)
    return { bytes: Buffer.from(`: withheld, decision ${attempt.decision}\n\n`) }
  }
}
