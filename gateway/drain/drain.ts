import type { OpenCalls } from '../runtime/open-calls.ts'
import type { DrainTimes, Log } from '../options.ts'
import type { Phase, ServerRuntime } from '../runtime/runtime.ts'
import { Standing } from './pod-liveness.ts'

/** Endpoints reach every node within a second or two; a busy control plane takes longer. Milliseconds. */
const defaultSettle = 5_000

/** What a server may take to end after its last call, on top of that call. Milliseconds. */
const afterLastCall = 10_000

/** How often a drain looks at the time, the calls and the server. Milliseconds. */
const tickMilliseconds = 200

export type DrainWorld = {
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
  phase: Extract<Phase, 'serving' | 'draining' | 'drained'> = 'serving'
  #since = 0
  #gone = false
  #standing: Standing | undefined
  #timer: NodeJS.Timeout | undefined
  #waiting: (() => void)[] = []
  readonly #world: DrainWorld
  readonly #times: DrainTimes

  constructor(world: DrainWorld, times: DrainTimes) {
    this.#world = world
    this.#times = times
  }

  /** Begins, or joins, a drain; resolves when the server may end. */
  begin(): Promise<void> {
    this.#since = this.phase === 'draining' ? this.#since : this.#world.now()
    if (this.phase === 'drained') return Promise.resolve()
    if (this.phase === 'serving') {
      this.phase = 'draining'
      this.#gone = false
      this.#world.log.info('draining')
      this.#standing = new Standing([...this.#world.servers()])
      this.#timer = setInterval(() => this.tick(), tickMilliseconds)
    }
    return new Promise(resolve => void this.#waiting.push(resolve))
  }

  tick(): void {
    if (this.phase === 'serving') return
    const passed = this.#world.now() - this.#since
    this.#notice()
    if (this.#standing?.returned === true) return this.#serve('the server was restarted')
    if (passed >= this.#grace()) return this.#serve('nothing has ended the gateway')
    if (this.phase === 'drained') return
    if (this.#standing?.silent === true) return this.#finish('the server does not answer')
    if (passed < (this.#times.settle ?? defaultSettle)) return
    this.#world.calls.closeStreams()
    if (this.#world.calls.size === 0) this.#finish('the last call is done')
  }

  #notice(): void {
    if (this.#gone || this.#standing?.gone !== true) return
    this.#gone = true
    this.#world.log.info('the server of this pod has ended')
  }

  /** The process ends: nobody is kept waiting, and nothing serves again. */
  end(): void {
    this.#stopLooking()
    this.#answer()
  }

  #grace(): number {
    const longest = Math.max(0, ...[...this.#world.servers()].map(({ requestTimeout }) => requestTimeout))
    return this.#times.grace ?? longest + afterLastCall
  }

  #finish(why: string): void {
    this.phase = 'drained'
    this.#world.log.info('drained', { why })
    this.#world.calls.closeStreams()
    this.#world.drained()
    this.#answer()
  }

  #serve(why: string): void {
    this.phase = 'serving'
    this.#stopLooking()
    this.#world.calls.reopen()
    this.#world.log.warn('serving again after a drain', { why })
    this.#answer()
  }

  #stopLooking(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#standing?.stop()
    this.#standing = undefined
  }

  #answer(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting = []
  }
}
