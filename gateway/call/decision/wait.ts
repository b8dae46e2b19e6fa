import type { WaitingRequests } from '../../evaluation/waiting-requests.ts'
import type { Denial } from '../../exchange.ts'
import type { OpenCall } from '../../runtime/open-calls.ts'
import { Interruption, refused, type Outcome } from '../outcome.ts'
import type { RequestContext } from '../request-context.ts'

/** How long an authenticator or a stage may take to keep a promise. Milliseconds. */
export const patience = 10_000

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

const busy: Denial = { stage: 'http', code: 'Busy', detail: 'too many requests wait' }
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
  const outcome = context.res.destroyed ? leftBy(context) : waiting.enter(owner) ? undefined : refused(busy)
  if (outcome !== undefined) {
    // An error that is told later is told to no one, and must not end the process.
    promise.catch(() => undefined)
    return Promise.reject(new Interruption(outcome))
  }
  return new Promise((resolve, reject) => {
    const wait = new Wait(options, reject)
    promise.then(
      value => wait.end() && resolve(value),
      (error: unknown) => wait.end() && reject(error as Error),
    )
  })
}

/** A wait is open like a call: it has the same clock, it is asked for again after a reload, and a drain waits for it. */
class Wait implements OpenCall {
  readonly #options: WaitOptions
  readonly #reject: (error: Error) => void
  readonly #since: number
  readonly #onClose = (): void => this.#interrupt(leftBy(this.#options.context))
  #over = false

  constructor(options: WaitOptions, reject: (error: Error) => void) {
    const { services, res } = options.context
    this.#options = options
    this.#reject = reject
    this.#since = services.now()
    res.once('close', this.#onClose)
    services.calls.add(this)
  }

  /** True when it was waited for until now, and the process still takes requests. */
  end(): boolean {
    if (!this.#leave()) return false
    const phase = this.#options.context.services.phase()
    const takes = phase === 'serving' || phase === 'draining'
    if (!takes) this.#reject(new Interruption(shuttingDown()))
    return takes
  }

  tick(now: number): void {
    const { what } = this.#options
    if (now - this.#since > patience) this.fault(new Error(`${what} did not answer within ${patience / 1000} s`))
  }

  reauthorize(): void {
    const denial = this.#options.refusal?.()
    if (denial !== undefined) this.#interrupt(refused(denial))
  }

  /** A request that waits is no stream. */
  closeStreams(): void {}

  abort(): void {
    this.#interrupt(shuttingDown('the grace period is over'))
  }

  fault(error: unknown): void {
    if (this.#leave()) this.#reject(error as Error)
  }

  reports(): boolean {
    return false
  }

  #interrupt(outcome: Outcome): void {
    if (this.#leave()) this.#reject(new Interruption(outcome))
  }

  /** Gives back what the wait holds, once. */
  #leave(): boolean {
    if (this.#over) return false
    this.#over = true
    const { context, waiting, owner } = this.#options
    waiting.leave(owner)
    context.res.off('close', this.#onClose)
    context.services.calls.delete(this)
    return true
  }
}

const shuttingDown = (detail?: string): Outcome =>
  refused({ stage: 'drain', code: 'ShuttingDown', ...(detail !== undefined && { detail }) })
