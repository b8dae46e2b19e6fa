import { backoff, deadline, sleep, systemClock, type MonotonicClock } from './clock.ts'
import { silent, textOf, type Logger } from './log.ts'

export type Result = { readonly requeueAfter?: number } | void

export type QueueOptions = {
  /** Label of its metrics and logs. */
  readonly name?: string
  /** What it throws is tried again, after what the error's `retryAfter` asks at least; `requeueAfter` is milliseconds. */
  reconcile(key: string, signal: AbortSignal): Promise<Result>
  readonly workers?: number
  readonly baseDelay?: number
  readonly maxDelay?: number
  /** Milliseconds for one run. Its signal aborts then, and its place is given to others even if it does not listen. */
  readonly timeout?: number
  /** Milliseconds that running work may still take after a stop. */
  readonly drain?: number
  readonly clock?: MonotonicClock
  readonly log?: Logger
  readonly random?: () => number
  readonly metrics?: QueueMetrics
}

export type ReconcileOutcome = 'success' | 'requeue_after' | 'error' | 'terminal' | 'panic'
/** Seconds everywhere. */
export type QueueMetrics = {
  added(): void
  retried(): void
  started(waited: number): void
  timedOut(): void
  ended(outcome: ReconcileOutcome, took: number): void
}

/** Trying again will not help: logged, not retried. The reconciler has told the user by a condition. */
export class TerminalError extends Error {
  override name = 'TerminalError'
}

/** Retries of all keys together: ten a second after the first hundred. */
const BETWEEN_RETRIES = 100
const BURST = 100

/** Keys to work on. One key is never worked on twice at once, fifty additions are one run, failures come again later and later. */
export class WorkQueue {
  readonly #options: QueueOptions
  readonly #clock: MonotonicClock
  readonly #log: Logger
  readonly #delay: (failures: number) => number
  /** Waiting keys with the time of their addition, in order; `urgent` go first and have a worker more. */
  readonly #lanes = { urgent: new Map<string, number>(), normal: new Map<string, number>() }
  readonly #processing = new Map<string, number>()
  readonly #dirty = new Map<string, 'urgent' | 'normal'>()
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>()
  readonly #failures = new Map<string, number>()
  readonly #shutdown = new AbortController()
  #active = 0
  #running = false
  #nextRetry = 0
  #idle = Promise.withResolvers<void>()

  constructor(options: QueueOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silent
    this.#delay = backoff(options.baseDelay ?? 5, options.maxDelay ?? 1_000_000, options.random)
  }

  get depth(): number {
    return this.#lanes.urgent.size + this.#lanes.normal.size
  }

  get active(): number {
    return this.#active
  }

  get workers(): number {
    return this.#options.workers ?? 4
  }

  /** Seconds that each run which has not ended has taken so far. */
  unfinished(): number[] {
    return [...this.#processing.values()].map(began => (this.#clock.elapsed() - began) / 1000)
  }

  add(key: string): void {
    this.#enqueue(key, 'normal')
  }

  /** Before all others, on a worker that no others have: for revocations. */
  addUrgent(key: string): void {
    this.#enqueue(key, 'urgent')
  }

  /** The earliest of several times counts. */
  addAfter(key: string, ms: number): void {
    const at = this.#clock.elapsed() + ms
    const planned = this.#delayed.get(key)
    if (planned !== undefined && planned.at <= at) return
    planned?.cancel()
    const due = (): void => {
      this.#delayed.delete(key)
      this.add(key)
    }
    this.#delayed.set(key, { at, cancel: this.#clock.after(ms, due) })
  }

  /** Works until the signal aborts; resolves when what was running has ended or has been told to. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = !signal.aborted
    this.#dispatch()
    const stopped = Promise.withResolvers<void>()
    const halt = (): void => {
      this.#running = false
      stopped.resolve()
    }
    signal.addEventListener('abort', halt, { once: true })
    if (this.#running) await stopped.promise
    for (const { cancel } of this.#delayed.values()) cancel()
    this.#delayed.clear()
    if (this.#processing.size > 0) {
      const ended = new AbortController()
      void this.#idle.promise.then(() => ended.abort())
      await sleep(this.#clock, this.#options.drain ?? 20_000, ended.signal)
    }
    this.#shutdown.abort(new Error('the queue has stopped'))
  }

  #enqueue(key: string, lane: 'urgent' | 'normal'): void {
    this.#options.metrics?.added()
    if (this.#processing.has(key)) {
      if (this.#dirty.get(key) !== 'urgent') this.#dirty.set(key, lane)
      return
    }
    const { urgent, normal } = this.#lanes
    if (lane === 'urgent') normal.delete(key)
    else if (urgent.has(key)) return
    if (!this.#lanes[lane].has(key)) this.#lanes[lane].set(key, this.#clock.elapsed())
    this.#dispatch()
  }

  #dispatch(): void {
    while (this.#running) {
      const isUrgent = this.#lanes.urgent.size > 0
      if (this.#active >= this.workers + Number(isUrgent)) return
      const lane = isUrgent ? this.#lanes.urgent : this.#lanes.normal
      const [next] = lane
      if (next === undefined) return
      lane.delete(next[0])
      void this.#process(...next)
    }
  }

  /** Never rejects. */
  async #process(key: string, added: number): Promise<void> {
    const began = this.#clock.elapsed()
    const { timeout = 120_000, metrics } = this.#options
    const limit = deadline(
      this.#clock,
      timeout,
      () => new Error(`reconcile took over ${timeout} ms`),
      this.#shutdown.signal,
    )
    let isHolding = true
    const free = (): void => {
      if (isHolding) this.#active -= 1
      isHolding = false
      this.#dispatch()
    }
    this.#active += 1
    this.#processing.set(key, began)
    metrics?.started((began - added) / 1000)
    limit.signal.addEventListener('abort', () => {
      if (!this.#shutdown.signal.aborted) metrics?.timedOut()
      free()
    })
    const outcome = await this.#attempt(key, limit.signal)
    limit.clear()
    metrics?.ended(outcome, (this.#clock.elapsed() - began) / 1000)
    this.#processing.delete(key)
    const again = this.#dirty.get(key)
    this.#dirty.delete(key)
    if (again !== undefined) this.#enqueue(key, again)
    free()
    if (!this.#running && this.#processing.size === 0) this.#idle.resolve()
  }

  async #attempt(key: string, signal: AbortSignal): Promise<ReconcileOutcome> {
    try {
      const result = await this.#options.reconcile(key, signal)
      this.#failures.delete(key)
      if (result?.requeueAfter === undefined) return 'success'
      if (this.#running) this.addAfter(key, result.requeueAfter)
      return 'requeue_after'
    } catch (error) {
      return this.#failed(key, error)
    }
  }

  #failed(key: string, error: unknown): ReconcileOutcome {
    const failures = this.#failures.get(key) ?? 0
    const isTerminal = error instanceof TerminalError
    this.#log.error('reconcile failed', { queue: this.#options.name, key, failures, isTerminal, error: textOf(error) })
    if (isTerminal) {
      this.#failures.delete(key)
      return 'terminal'
    }
    this.#failures.set(key, failures + 1)
    this.#options.metrics?.retried()
    const asked = Number((error as { retryAfter?: unknown } | undefined)?.retryAfter ?? 0) || 0
    if (this.#running) this.addAfter(key, Math.max(asked, this.#delay(failures), this.#retryDelay()))
    const isBug = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError
    return isBug ? 'panic' : 'error'
  }

  /** How long the next retry has to wait for those of other keys. */
  #retryDelay(): number {
    const now = this.#clock.elapsed()
    this.#nextRetry = Math.max(this.#nextRetry, now - BURST * BETWEEN_RETRIES) + BETWEEN_RETRIES
    return Math.max(0, this.#nextRetry - now)
  }
}
