import type { Clock } from './clock.ts'

export type Idle = {
  /** There was traffic. */
  touch(): void
  stop(): void
  /** When there was traffic last; undefined while it is busy. */
  quietSince(): number | undefined
}

/** Calls `end` when nothing was touched for `after` milliseconds and nothing is busy. One timer, however much traffic there is. */
export function idleTimer(clock: Clock, after: number, busy: () => boolean, end: () => void): Idle {
  let last = clock.now()
  let stopTimer = clock.after(after, check)

  function check(): void {
    if (busy()) last = clock.now()
    const left = last + after - clock.now()
    if (left > 0) stopTimer = clock.after(left, check)
    else end()
  }

  return {
    touch() {
      last = clock.now()
    },
    stop: () => stopTimer(),
    quietSince: () => (busy() ? undefined : last),
  }
}
