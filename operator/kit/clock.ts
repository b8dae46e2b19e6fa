/** Time as it is passed in. */
export type MonotonicClock = {
  /** Milliseconds since the epoch; may jump. */
  now(): number
  /** Milliseconds since some start; never goes back. */
  elapsed(): number
  /** Runs once, later; gives back how to prevent it. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: MonotonicClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Resolves after that time, or as soon as the signal aborts; never rejects. */
export function sleep(clock: MonotonicClock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done)
  })
}

/** A signal that aborts with its parent or, by `expire`, when the time is over; `clear` when the work is done. */
export type Deadline = { readonly signal: AbortSignal; restart(): void; clear(): void }

export function deadline(clock: MonotonicClock, ms: number, expired: () => Error, parent?: AbortSignal): Deadline {
  const controller = new AbortController()
  const follow = (): void => controller.abort(parent?.reason)
  const start = (): (() => void) => clock.after(ms, () => controller.abort(expired()))
  if (parent?.aborted === true) follow()
  parent?.addEventListener('abort', follow)
  let cancel = start()
  return {
    signal: controller.signal,
    restart() {
      cancel()
      cancel = start()
    },
    clear() {
      cancel()
      parent?.removeEventListener('abort', follow)
    },
  }
}

/** Times that double from `first` to `most`, each spread over 50 to 100 % so that many do not come back at once. */
export function backoff(first: number, most: number, random: () => number = Math.random): (failures: number) => number {
  return failures => Math.min(most, first * 2 ** Math.min(failures, 40)) * (0.5 + random() / 2)
}

/** A time as `metav1.MicroTime` spells it. */
export const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z')
