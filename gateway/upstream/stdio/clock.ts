/** Time as it is passed in: milliseconds since the epoch, and a timer that gives back how to stop it. */
export type Clock = {
  now(): number
  after(ms: number, run: () => void): () => void
}

/** The real one. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
