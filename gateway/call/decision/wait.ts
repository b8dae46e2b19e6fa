import type { WaitingRequests } from '../../evaluation/waiting-requests.ts'
import type { Denial } from '../../exchange.ts'
import type { OpenCall } from '../../runtime/open-calls.ts'
import { Interruption, refused, type Outcome } from '../outcome.ts'
import type { RequestContext } from '../request-context.ts'
import { idOf } from './judge.ts'

/** How long an authenticator or a stage may take to keep a promise. Milliseconds. */
export const patience = 10_000

/** How long one request may wait, all its authenticators, stages and messages together. Milliseconds. */
export const patienceForAll = 30_000

/** What a request waits for, and on whose account. */
export type WaitOptions = {
  readonly context: RequestContext
  /** For the log: `authentication`, or the name of the stage. */
  readonly what: string
  /** Where the places are counted, and for whom. */
  readonly waiting: WaitingRequests
  readonly owner: string
  /** Why the request is refused by the configuration of now, whatever is waited for. Asked after each reload and withdrawal. */
  refusal?(): Denial | undefined
}

/** It answers the message that waits, if one was read already. */
const refusedFor = ({ message }: RequestContext, denial: Denial): Outcome => refused({ ...denial, ...idOf(message) })

const busy: Denial = { stage: 'http', code: 'Busy', detail: 'too many requests wait' }
const shuttingDown: Denial = { stage: 'drain', code: 'ShuttingDown' }
const left: Outcome = { kind: 'left', unread: false }

/** Before the caller is known it was no request of anyone. */
const leftBy = ({ principal }: RequestContext): Outcome =>
  principal === undefined ? { kind: 'left', unread: true } : left

/**
 * Waits for a promise, but no longer than it is of use: a client that leaves, a caller whose key is withdrawn, the end of the process and the
 * end of patience end it, and whatever comes of the promise later does nothing. Rejects with what the promise rejects with, or with an `Interruption`.
 */
export function waitFor<T>(promise: Promise<T>, options: WaitOptions): Promise<T> {
  const { context, waiting, owner } = options
  const outcome = context.res.destroyed ? leftBy(context) : waiting.enter(owner) ? undefined : refusedFor(context, busy)
  if (outcome !== undefined) {
    // An error that is told later is told to no one, and must not end the process.
    promise.catch(() => undefined)
    return Promise.reject(new Interruption(outcome))
  }
  return new Promise((resolve, reject) => observe(promise, new Wait({ options, resolve, reject })))
}

/** By itself, so that a promise that is never kept holds the wait, and nothing of a request that is over. */
const observe = <T>(promise: Promise<T>, wait: Wait<T>): void =>
  void promise.then(
    value => wait.keep(value),
    (error: unknown) => wait.break(error),
  )

type Waiting<T> = {
  readonly options: WaitOptions
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** A wait is open like a call: it has the same clock, it is asked for again after a reload, and a drain waits for it. */
class Wait<T> implements OpenCall {
  /** Undefined when it is over. */
  #waiting: Waiting<T> | undefined
  readonly #since: number
  readonly #onClose = (): void => this.#interrupt(({ options }) => leftBy(options.context))

  constructor(waiting: Waiting<T>) {
    const { services, res } = waiting.options.context
    this.#waiting = waiting
    this.#since = services.now()
    res.once('close', this.#onClose)
    services.calls.add(this)
  }

  keep(value: T): void {
    this.#settle(({ resolve }) => resolve(value))
  }

  break(error: unknown): void {
    this.#settle(({ reject }) => reject(error as Error))
  }

  tick(now: number): void {
    if (this.#waiting === undefined) return
    const { context, what } = this.#waiting.options
    const time = now - this.#since
    if (time > patience) this.fault(new Error(`${what} did not answer within ${patience / 1000} s`))
    else if (context.waited + time > patienceForAll)
      this.fault(new Error(`the request has waited for ${patienceForAll / 1000} s, the last time for ${what}`))
  }

  reauthorize(): void {
    const denial = this.#waiting?.options.refusal?.()
    if (denial !== undefined) this.#interrupt(() => refused(denial))
  }

  /** A request that waits is no stream. */
  closeStreams(): void {}

  abort(): void {
    this.#interrupt(({ options }) =>
      refusedFor(options.context, { ...shuttingDown, detail: 'the grace period is over' }),
    )
  }

  fault(error: unknown): void {
    this.#leave()?.reject(error as Error)
  }

  reports(): boolean {
    return false
  }

  /** What it was settled to counts while the process takes requests. */
  #settle(act: (waiting: Waiting<T>) => void): void {
    const waiting = this.#leave()
    if (waiting === undefined) return
    const { context } = waiting.options
    const phase = context.services.phase()
    if (phase === 'serving' || phase === 'draining') act(waiting)
    else waiting.reject(new Interruption(refusedFor(context, shuttingDown)))
  }

  #interrupt(outcomeOf: (waiting: Waiting<T>) => Outcome): void {
    const waiting = this.#leave()
    waiting?.reject(new Interruption(outcomeOf(waiting)))
  }

  /** Gives back what the wait holds, once. */
  #leave(): Waiting<T> | undefined {
    const waiting = this.#waiting
    if (waiting === undefined) return undefined
    this.#waiting = undefined
    const { context, waiting: places, owner } = waiting.options
    places.leave(owner)
    context.waited += context.services.now() - this.#since
    context.res.off('close', this.#onClose)
    context.services.calls.delete(this)
    return waiting
  }
}
