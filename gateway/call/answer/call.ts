import type { Identity } from '../../auth/authenticator.ts'
import type { ErrorCode } from '../../errors.ts'
import type { Caller, Denial, Finding } from '../../exchange.ts'
import { Continuation } from '../../evaluation/steps.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import type { Upstream, UpstreamCall, UpstreamHeaders, UpstreamRequest, UpstreamSink } from '../../upstream/upstream.ts'
import { endWithTimeout } from '../../http/end-with-timeout.ts'
import type { AdmittedCall } from '../admitted-call.ts'
import type { AnswerWriter, CallControl } from './answer.ts'
import { progressTokenOf } from '../pending-request.ts'
import { clientGone, endCall, finish, ownFault, refuse } from '../settle.ts'
import { patience } from '../decision/wait.ts'
import { cancellations } from './cancellation.ts'
import { JsonAnswer } from './json-answer.ts'
import type { OpenCall } from '../../runtime/open-calls.ts'
import { pendingRequests } from '../admitted-call.ts'
import { refusalOf } from '../decision/reauthorize.ts'
import { StreamAnswer } from './stream-answer.ts'

/** GET streams and `subscriptions/listen` live as long as the client, however silent the server is. */
const endless = ({ context, messages }: AdmittedCall): boolean =>
  context.req.method === 'GET' || messages.some(message => message.method === 'subscriptions/listen')

/** One call on its way: from the moment that the verdict fell until the client has its answer or is gone. */
export class ForwardedCall implements UpstreamSink, OpenCall, CallControl {
  readonly admitted: AdmittedCall
  /** Policies of the newest configuration: a swap changes them under an open stream. */
  server: ServerRuntime
  caller: Caller
  #identity: Identity
  readonly #endless: boolean
  #upstream: UpstreamCall | undefined
  /** Where it was sent; undefined when it was sent nowhere, or when the server has said all. */
  #owing: Upstream | undefined
  #answer: AnswerWriter | undefined
  #over = false
  #lastByte: number
  /** Since when a stage waits for something. */
  #waitingSince = Infinity
  /** What follows when it is there. */
  #next: Continuation | undefined

  constructor(admitted: AdmittedCall) {
    this.admitted = admitted
    this.server = admitted.server
    this.caller = admitted.caller
    this.#identity = admitted.identity
    this.#endless = endless(admitted)
    this.#lastByte = admitted.context.started
  }

  /** The client has its answer, or is gone: nothing more may be written. */
  get over(): boolean {
    return this.#over
  }

  open(request: UpstreamRequest): void {
    const { services, res } = this.admitted.context
    services.calls.add(this)
    if (this.#over) return
    // A client that left while its body was judged has closed already and will not say so again.
    if (res.destroyed) return this.#gone()
    res.on('close', () => this.#gone())
    // The silence of the server begins when it is asked, however long the request had to wait for that.
    this.#lastByte = services.now()
    this.#owing = this.server.upstream
    this.#upstream = this.#owing.open(request, this)
    if (this.#over) this.#upstream.cancel()
    this.admitted.context.isRead = true
  }

  head(status: number, headers: UpstreamHeaders): void {
    this.#safely(() => {
      const refused = refusedHead(status, headers)
      if (refused) return this.deny(refused)
      const stream = status < 300 && /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''))
      this.#answer = stream ? new StreamAnswer(this, status, headers) : new JsonAnswer(this, status, headers)
    })
  }

  data(chunk: Buffer): void {
    this.#safely(() => this.#answer?.data(chunk))
  }

  end(): void {
    this.#owing = undefined
    this.#safely(() => this.#answer?.end())
  }

  fail(code: ErrorCode, detail: string): void {
    this.#owing = undefined
    this.#safely(() => {
      const { services, decision } = this.admitted.context
      services.log.warn('upstream failed', { decision, server: this.server.name, code, detail })
      const denial: Denial = { stage: 'upstream', code, detail }
      if (this.#answer) this.#answer.broken(denial)
      else this.deny(denial)
    })
  }

  /** The bridge to a child process does not take it. */
  refuse(denial: Denial): void {
    this.#owing = undefined
    this.#safely(() => this.deny(denial))
  }

  reports(session: string, token: string): boolean {
    if (this.admitted.session?.sealed !== session) return false
    return pendingRequests(this.admitted).some(asked => asked.shape === 'request' && progressTokenOf(asked) === token)
  }

  /** An error of our own, wherever it was thrown: this call is refused, and all others go on. */
  fault(error: unknown): void {
    this.deny(ownFault(this.admitted.context, error))
  }

  /** Ends the call with a refusal, wherever it is: an answer with the id, or an error event in the open stream. */
  deny(denial: Denial, findings?: readonly Finding[]): void {
    if (this.#over) return
    const { id: _, ...rest } = denial
    const withId = { ...rest, ...this.#idOf(denial) }
    this.#upstream?.cancel()
    this.#cancelAtServer(denial)
    const { context } = this.admitted
    if (context.res.headersSent) {
      endCall(context, denial, findings)
      this.#answer?.deny(withId)
      this.finish(context.res.statusCode)
    } else {
      this.#release()
      refuse(context, withId, findings)
    }
  }

  /** The answer is out, or there is no client any more. */
  finish(status: number): void {
    if (this.#over) return
    const { context } = this.admitted
    this.#release()
    finish(context, status)
  }

  complete(end: () => void): void {
    if (this.#over) return
    this.#upstream?.cancel()
    this.finish(this.admitted.context.res.statusCode)
    end()
  }

  wait(promise: Promise<void>): Promise<void> {
    const { services } = this.admitted.context
    this.#waitingSince = services.now()
    return new Promise(resolve => {
      this.#next = Continuation.after(promise, () => {
        this.#waitingSince = Infinity
        // It was not the server that was silent.
        this.#lastByte = services.now()
        resolve()
      })
    })
  }

  pause(): void {
    this.#upstream?.pause()
  }

  resume(): void {
    this.#upstream?.resume()
  }

  tick(now: number): void {
    if (this.#identity.principal.grants.expiresAt <= now) return this.reauthorize(now)
    if (now - this.#waitingSince > patience)
      return this.fault(new Error(`a stage did not answer within ${patience / 1000} s`))
    const { timeouts } = this.server
    const late = now - this.admitted.context.started > timeouts.request
    const isServersTurn = this.#answer?.sending !== true && this.#waitingSince === Infinity
    const idle = isServersTurn && now - this.#lastByte > timeouts.idle
    if (!this.#endless && (late || idle)) {
      return this.deny({
        stage: 'upstream',
        code: 'UpstreamTimeout',
        detail: late ? 'request timeout' : 'idle timeout',
      })
    }
    this.#answer?.tick(now)
  }

  reauthorize(now: number): void {
    const { services } = this.admitted.context
    const runtime = services.runtime()
    const admitted = runtime.auth.revalidate(this.#identity, now)
    if ('denied' in admitted) return this.#revoke(admitted.denied)
    const server = runtime.servers.get(this.server.name)
    if (!server || server.stopped || server.refused !== undefined)
      return this.#revoke({ stage: 'route', code: 'NotFound', detail: 'the server is gone' })
    const caller = { ...this.caller, principal: admitted.principal }
    const refusal = refusalOf(server, caller, this.admitted)
    if (refusal) return this.#revoke(refusal)
    const moved = server.upstream !== this.server.upstream
    this.server = server
    this.caller = caller
    this.#identity = admitted
    if (moved) this.closeStreams()
  }

  closeStreams(): void {
    if (!this.#endless || this.#over) return
    const { res } = this.admitted.context
    // Who waits for an answer is told that none will come; a GET stream is opened again without a word.
    if (!res.headersSent || this.admitted.messages.length > 0)
      return this.deny({ stage: 'drain', code: 'ShuttingDown' })
    this.#upstream?.cancel()
    this.finish(res.statusCode)
    endWithTimeout(res)
  }

  abort(): void {
    this.deny({ stage: 'drain', code: 'ShuttingDown', detail: 'the grace period is over' })
  }

  #revoke(why: Denial): void {
    this.deny({
      stage: why.stage,
      code: 'CallerRevoked',
      detail: `${why.code}${why.detail === undefined ? '' : `: ${why.detail}`}`,
    })
  }

  /** The id that a refusal answers: of the message that was refused, else of the one request in the body. */
  #idOf(denial: Denial): { id?: string } {
    const asked = this.admitted.messages.filter(message => message.shape === 'request').map(message => message.id)
    // A server may answer with an id that was never asked under; the caller waits for their own.
    const id = asked.includes(denial.id) ? denial.id : asked[0]
    return id === undefined ? {} : { id }
  }

  /**
   * In the legacy era a closed connection cancels nothing, so the server of a session is told. Without a session it is not: the id could be that
   * of another caller's request.
   */
  #cancelAtServer({ code }: Denial): void {
    const upstream = this.#owing
    this.#owing = undefined
    if (upstream === undefined) return
    for (const request of cancellations(this.admitted, code, id => this.#answer?.owes(id) !== false))
      upstream.notify(request)
  }

  #safely(act: () => void): void {
    if (this.#over) return
    this.#lastByte = this.admitted.context.services.now()
    try {
      act()
    } catch (error) {
      this.fault(error)
    }
  }

  #gone(): void {
    if (this.#over) return
    this.#upstream?.cancel()
    this.finish(clientGone)
  }

  #release(): void {
    this.#over = true
    const { services } = this.admitted.context
    this.admitted.context.releaseBody()
    services.calls.delete(this)
    this.#answer?.release()
    this.#next?.letGo()
  }
}

/** What Streamable HTTP and its errors use; anything else some client reads in its own way. */
const isPlainStatus = (status: number): boolean =>
  status === 200 || status === 202 || status === 204 || (status >= 400 && status < 600)

/** Sealed, it has to fit into a header again, and some are remembered. Characters. */
const maxSessionId = 4096

/** Heads that are never shown to a client. */
function refusedHead(status: number, headers: UpstreamHeaders): Denial | undefined {
  const deny = (code: ErrorCode, detail = `status ${status}`): Denial => ({ stage: 'upstream', code, detail })
  // The credential in question is the gateway's: a 401 would make the client look for one of its own.
  if (status === 401 || status === 407) return deny('UpstreamAuthentication')
  if (status >= 300 && status < 400) return deny('UpstreamRedirect')
  if (!isPlainStatus(status)) return deny('UpstreamUnreadable')
  const session = headers['mcp-session-id']
  if (session !== undefined && session.length > maxSessionId) return deny('UpstreamUnreadable', 'a session id too long')
  const encoding = headers['content-encoding']
  return encoding === undefined || encoding === 'identity' ? undefined : deny('UpstreamUnreadable')
}
