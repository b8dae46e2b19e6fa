/** A call as the clock and the reload see it. */
export type OpenCall = {
  /** Time-outs, keep-alive comments, the end of the caller's credential. `now` in milliseconds since the epoch. */
  tick(now: number): void
  /** Would this caller still be let in? If not, the call ends with an error for its id. */
  reauthorize(now: number): void
  /** The process ends: streams close so that clients resume elsewhere; a call that waits for its answer goes on. */
  closeStreams(): void
  /** The time is up. */
  abort(): void
  /** An error of our own: this call ends, and all others go on. */
  fault(error: unknown): void
  /** Whether it belongs to this session (as the client spells it) and asked for progress under this raw token. */
  reports(session: string, token: string): boolean
}

/** Half a second: a revoked or expired caller's streams must end within one. */
export const tickMilliseconds = 500

/**
 * Every call that is open, and the one clock that they share: a timer of its own for each call costs more than the call's policy decisions. The
 * clock runs only while there are calls.
 */
export class OpenCalls {
  readonly #calls = new Set<OpenCall>()
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #idle: (() => void) | undefined
  #closing = false

  constructor(now: () => number) {
    this.#now = now
  }

  get size(): number {
    return this.#calls.size
  }

  add(call: OpenCall): void {
    this.#calls.add(call)
    if (this.#closing) call.closeStreams()
    this.#timer ??= setInterval(() => this.tick(), tickMilliseconds).unref()
  }

  some(test: (call: OpenCall) => boolean): boolean {
    for (const call of this.#calls) if (test(call)) return true
    return false
  }

  delete(call: OpenCall): void {
    this.#calls.delete(call)
    if (this.#calls.size === 0) this.#idle?.()
  }

  tick(): void {
    const now = this.#now()
    this.#each(call => call.tick(now))
    if (this.#calls.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  reauthorize(): void {
    const now = this.#now()
    this.#each(call => call.reauthorize(now))
  }

  /** Closes streams, so that their clients resume elsewhere, and those that are opened from now on. Calls that wait for an answer go on. */
  closeStreams(): void {
    this.#closing = true
    this.#each(call => call.closeStreams())
  }

  /** Streams may be opened again. */
  reopen(): void {
    this.#closing = false
  }

  /** Closes streams, waits for the calls in flight for at most `milliseconds`, then aborts what is left. */
  async drain(milliseconds: number): Promise<void> {
    this.closeStreams()
    if (this.#calls.size > 0) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, milliseconds)
        this.#idle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#each(call => call.abort())
  }

  #each(act: (call: OpenCall) => void): void {
    for (const call of this.#calls) {
      try {
        act(call)
      } catch (error) {
        call.fault(error)
      }
    }
  }
}
