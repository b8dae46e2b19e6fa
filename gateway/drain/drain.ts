import type { OpenCalls } from '../runtime/open-calls.ts'
import type { DrainTimes, Log } from '../options.ts'
import type { ServingPhase, ServerRuntime } from '../runtime/runtime.ts'
import { PodLiveness } from './pod-liveness.ts'

/** Endpoints reach every node within a second or two; a busy control plane takes longer. Milliseconds. */
const defaultSettle = 5_000

/** What a server may take to end after its last call, on top of that call. Milliseconds. */
const afterLastCall = 10_000

/** How often a drain looks at the time, the calls and the server. Milliseconds. */
const tickMilliseconds = 200

export type DrainContext = {
  readonly calls: OpenCalls
  servers(): Iterable<ServerRuntime>
  now(): number
  readonly log: Log
  /** The last call is done: connections that clients keep for later are closed, so that they look elsewhere. */
  drained(): void
}

/**
 * The end of a server, seen from its gateway. A native sidecar is told to end only after the server has ended, which is too late, so the hook of
 * the *server's* container asks for this first: not ready, serving until clients have gone elsewhere, then the answer to the hook when the last
 * call is done.
 *
 * It is a lease and no state, since hooks run on restarts of the server alone, too: when nothing ends this process within the grace period, or
 * when the server was seen gone and back, the gateway serves again. A server that does not answer is not waited for.
 */
export class Drain {
  phase: Extract<ServingPhase, 'serving' | 'draining' | 'drained'> = 'serving'
  #since = 0
  #serverSeenGone = false
  #liveness: PodLiveness | undefined
  #timer: NodeJS.Timeout | undefined
  #waiting: (() => void)[] = []
  readonly #context: DrainContext
  readonly #times: DrainTimes

  constructor(context: DrainContext, times: DrainTimes) {
    this.#context = context
    this.#times = times
  }

  /** Begins, or joins, a drain; resolves when the server may end. */
  begin(): Promise<void> {
    this.#since = this.phase === 'draining' ? this.#since : this.#context.now()
    if (this.phase === 'drained') return Promise.resolve()
    if (this.phase === 'serving') {
      this.phase = 'draining'
      this.#serverSeenGone = false
      this.#context.log.info('draining')
      this.#liveness = new PodLiveness([...this.#context.servers()])
      this.#timer = setInterval(() => this.tick(), tickMilliseconds)
    }
    return new Promise(resolve => void this.#waiting.push(resolve))
  }

  tick(): void {
    if (this.phase === 'serving') return
    const passed = this.#context.now() - this.#since
    this.#noticeEndOfServer()
    if (this.#liveness?.returned === true) return this.#serveAgain('the server was restarted')
    if (passed >= this.#grace()) return this.#serveAgain('nothing has ended the gateway')
    if (this.phase === 'drained') return
    if (this.#liveness?.silent === true) return this.#finish('the server does not answer')
    if (passed < (this.#times.settle ?? defaultSettle)) return
    this.#context.calls.closeStreams()
    if (this.#context.calls.size === 0) this.#finish('the last call is done')
  }

  #noticeEndOfServer(): void {
    if (this.#serverSeenGone || this.#liveness?.gone !== true) return
    this.#serverSeenGone = true
    this.#context.log.info('the server of this pod has ended')
  }

  /** The process ends: waiting hooks are answered, and the gateway does not serve again. */
  end(): void {
    this.#stopWatching()
    this.#answer()
  }

  #grace(): number {
    const longest = Math.max(0, ...[...this.#context.servers()].map(({ timeouts }) => timeouts.request))
    return this.#times.grace ?? longest + afterLastCall
  }

  #finish(why: string): void {
    this.phase = 'drained'
    this.#context.log.info('drained', { why })
    this.#context.calls.closeStreams()
    this.#context.drained()
    this.#answer()
  }

  #serveAgain(why: string): void {
    this.phase = 'serving'
    this.#stopWatching()
    this.#context.calls.reopen()
    this.#context.log.warn('serving again after a drain', { why })
    this.#answer()
  }

  #stopWatching(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#liveness?.stop()
    this.#liveness = undefined
  }

  #answer(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting = []
  }
}
