import type { ServerResponse } from 'node:http'
import type { Denial, Finding, Message, ReadLimits } from '../../exchange.ts'
import { judgeAnswer, type EvaluatedMessage } from '../../evaluation/pipeline.ts'
import { readAnswer } from '../../mcp/message.ts'
import type { UpstreamHeaders } from '../../upstream/upstream.ts'
import { ChunkBuffer } from '../../http/chunk-buffer.ts'
import { untaken, type AnswerOwner, type Waiting } from '../../http/memory.ts'
import { WriteProgress } from '../../http/write-progress.ts'
import { isSteps, mapSteps, type MaybeWaitingSteps, type WaitingSteps } from '../../evaluation/steps.ts'
import { runInTurns, type TurnOrder } from '../../evaluation/turns.ts'
import { errorText, recordFindings, withholdAnswer } from '../settle.ts'
import type { AnswerWriter, CallControl } from './answer.ts'
import { pendingUnder, type PendingRequest } from '../pending-request.ts'
import { unexpectedSubscription, withAskedId } from './answer-correlation.ts'
import { responseHeaders } from '../forwarded-headers.ts'
import { answerOwner } from './owner.ts'
import { unknownMethod } from './server-methods.ts'
import { readErrorBody } from './plain-json.ts'
import { sealTasks } from './seal-tasks.ts'
import { sealedSession } from './session-id.ts'

/** Larger answers give other calls a turn between reading and judging: no body holds the event loop for 10 ms. */
const large = 256 * 1024

/** Bytes up to which the copy into a string costs less than a second write. */
const small = 16 * 1024

const nothing: Buffer = Buffer.alloc(0)

type Ready =
  | { readonly bytes: Buffer; readonly findings: readonly Finding[] }
  | { readonly denied: Denial; readonly findings: readonly Finding[] }

const misdirected = (detail: string): Denial => ({ stage: 'upstream', code: 'UpstreamMisdirected', detail })

/** The server answered about a task that this caller does not hold: to them there is none. */
const notHeld = (detail: string): Denial => ({ stage: 'tasks', code: 'TaskNotFound', detail })

const readyOf = ({ denied, findings, message }: EvaluatedMessage): Ready =>
  denied ? { denied, findings } : { bytes: message.bytes, findings }

/** An answer in one piece: held until it is complete, read, judged, then sent with its status and bytes. */
export class JsonAnswer implements AnswerWriter, TurnOrder, Waiting {
  readonly #call: CallControl
  readonly #status: number
  readonly #headers: UpstreamHeaders
  readonly #gathered = new ChunkBuffer()
  readonly share: AnswerOwner
  /** Bytes that are held: until the client has taken them, not only until they were handed over. */
  #size = 0
  #taking: WriteProgress | undefined

  constructor(call: CallControl, status: number, headers: UpstreamHeaders) {
    this.#call = call
    this.#status = status
    this.#headers = headers
    this.share = answerOwner(call)
  }

  data(chunk: Buffer): void {
    const { services } = this.#call.admitted.context
    if (this.#size + chunk.length > services.limits.maxBytes)
      return this.#call.deny({ stage: 'upstream', code: 'UpstreamTooLarge' })
    if (!services.held.takeAnswer(this.share, chunk.length)) return this.#call.deny({ stage: 'upstream', code: 'Busy' })
    this.#size += chunk.length
    this.#gathered.push(chunk)
  }

  end(): void {
    if (this.#gathered.length === 0) return this.#empty()
    const bytes = this.#gathered.take()
    if (bytes.length > large) this.#later(() => this.#judge(bytes))
    else this.#judge(bytes)
  }

  /** A request has an answer with a body; 202 and 204 are for what has none, and a refusal may be bare. */
  #empty(): void {
    const asked = this.#call.admitted.messages.some(message => message.shape === 'request')
    if (!asked || this.#status >= 400) return this.#send(undefined)
    this.#call.deny({ stage: 'upstream', code: 'UpstreamUnreadable', detail: `status ${this.#status} without a body` })
  }

  broken(denial: Denial): void {
    this.#call.deny(denial)
  }

  get sending(): boolean {
    return this.#taking !== undefined
  }

  /** For whom the answer is judged. */
  get owner(): string {
    return this.#call.admitted.context.principal ?? ''
  }

  isWanted(): boolean {
    return !this.#call.over
  }

  wait(promise: Promise<void>): Promise<void> {
    return this.#call.wait(promise)
  }

  /** Until the body is judged. */
  owes(): boolean {
    return true
  }

  /** Half of a body cannot become a refusal any more. */
  deny(): void {
    this.#call.admitted.context.res.destroy()
  }

  /** A client that does not take its answer in time is given up. */
  tick(now: number): void {
    const { res } = this.#call.admitted.context
    if (this.#taking?.isLate(res.writableLength, now) === true) res.destroy()
  }

  release(): void {
    const { held } = this.#call.admitted.context.services
    held.giveAnswer(this.share, this.#size)
    this.#size = 0
    if (this.#taking) held.settled(this)
  }

  /** Since when its bytes wait for the client. */
  get since(): number {
    return this.#taking?.since ?? Infinity
  }

  giveWay(): void {
    this.#call.deny(untaken)
  }

  #judge(bytes: Buffer): void {
    const { context } = this.#call.admitted
    if (this.#call.over) return
    const read = (this.#status >= 400 ? readErrorBody : readAnswer)(bytes, context.services.limits)
    if ('denied' in read) return this.#unreadable(read.denied)
    const fault = (error: unknown): void => this.#call.fault(error)
    const judge = (): void =>
      runInTurns(
        'message' in read ? this.#judgeMessage(read.message) : this.#judgeBatch(read.batch),
        this,
        ready => this.#decide(ready),
        fault,
      )
    if (bytes.length > large) this.#later(judge)
    else judge()
  }

  /** After the others have had a turn. What is thrown there has no caller to fall to. */
  #later(act: () => void): void {
    setImmediate(() => {
      try {
        act()
      } catch (error) {
        this.#call.fault(error)
      }
    })
  }

  #decide(ready: Ready): void {
    const { context } = this.#call.admitted
    if (this.#call.over) return
    const findings = ready.findings.length > 0 ? ready.findings : undefined
    if ('denied' in ready) return this.#call.deny(ready.denied, findings)
    if (findings) recordFindings(context, findings)
    this.#send(ready.bytes)
  }

  #judgeMessage(message: Message): MaybeWaitingSteps<Ready> {
    const { server, caller, admitted } = this.#call
    const out = unknownMethod(message, caller.era)
    // To the client -32601 would say that its own method is unknown.
    if (out) return { denied: { ...out, code: 'UpstreamUnreadable' }, findings: [] }
    const { limits } = admitted.context.services
    const own = this.#underAskedId(message, limits)
    if ('code' in own) return { denied: own, findings: [] }
    const sealed = sealTasks(this.#call, own, limits)
    if (!('message' in sealed))
      return { denied: 'denied' in sealed ? sealed.denied : notHeld(sealed.dropped), findings: [] }
    return mapSteps(judgeAnswer(server.reversed, caller, sealed.message, limits), readyOf)
  }

  /** An answer to another request is not this client's; an error body is, and gets the id that was asked under. */
  #underAskedId(message: Message, limits: ReadLimits): Message | Denial {
    const { messages } = this.#call.admitted
    if (message.shape !== 'response') {
      return messages.some(({ shape }) => shape === 'request') ? misdirected('no answer in the body') : message
    }
    if (message.id === undefined || pendingUnder(messages, message.id) !== undefined) {
      const unexpected = unexpectedSubscription(message, messages)
      return unexpected === undefined ? message : misdirected(unexpected)
    }
    if (this.#status < 400) return misdirected('an answer to a request that this client did not make here')
    const read = readAnswer(withAskedId(message, messages) ?? message.bytes, limits)
    return 'message' in read ? read.message : misdirected('an error under another id')
  }

  /** A batch (2025-03-26): one refusal refuses the array. */
  *#judgeBatch(messages: readonly Message[]): WaitingSteps<Ready> {
    const parts: Buffer[] = []
    const findings: Finding[] = []
    const answered = new Set<PendingRequest>()
    for (const message of messages) {
      const asked = pendingUnder(this.#call.admitted.messages, message.id)
      if (asked !== undefined && answered.has(asked))
        return { denied: misdirected('a second answer to one request'), findings }
      if (asked !== undefined) answered.add(asked)
      const soon = this.#judgeMessage(message)
      const ready = isSteps(soon) ? yield* soon : soon
      findings.push(...ready.findings)
      if ('denied' in ready) return { denied: ready.denied, findings }
      parts.push(parts.length === 0 ? Buffer.from('[') : Buffer.from(','), ready.bytes)
    }
    return { bytes: Buffer.concat([...parts, Buffer.from(']')]), findings }
  }

  /** Clients tell the era from 4xx answers, so their status stays; what cannot be read does not. */
  #unreadable(denied: Denial): void {
    const denial: Denial = {
      stage: 'upstream',
      code: 'UpstreamUnreadable',
      detail: `${denied.code}: ${denied.detail ?? ''}`,
    }
    if (this.#status < 400) return this.#call.deny(denial)
    const { context, messages } = this.#call.admitted
    const id = messages.find(message => message.shape === 'request')?.id
    withholdAnswer(context, denial)
    const body = errorText(context, { ...denial, ...(id === undefined ? {} : { id }) })
    this.#send(Buffer.from(body), ['content-type', 'application/json'])
  }

  #send(body: Buffer | undefined, replaced?: readonly string[]): void {
    const { res } = this.#call.admitted.context
    const headers = replaced
      ? [...replaced]
      : responseHeaders(this.#headers, body && 'application/json', sealedSession(this.#call, this.#headers))
    // 202 and 204 carry no body; to give them a length of 0 is legal for the first only (RFC 9110 section 8.6).
    if (body) headers.push('content-length', String(body.length))
    else if (this.#status !== 204) headers.push('content-length', '0')
    if (this.#call.admitted.context.services.phase() !== 'serving') headers.push('connection', 'close')
    res.writeHead(this.#status, headers)
    // Node joins a head and a string into one write, where a buffer makes two; latin1 keeps every byte. Measured: 8 to 10 µs a call.
    if (!body || body.length < small) res.end(body?.toString('latin1') ?? '', 'latin1')
    else res.end(body)
    if (res.writableLength === 0) this.#call.finish(this.#status)
    else this.#await(res, body)
  }

  /** What has not left the process is counted until it has. */
  #await(res: ServerResponse, body = nothing): void {
    res.once('finish', () => this.#call.finish(this.#status))
    this.#taking = new WriteProgress()
    this.#taking.wrote(body.length)
    const { services } = this.#call.admitted.context
    this.#taking.isLate(res.writableLength, services.now())
    services.held.waits(this)
  }
}
