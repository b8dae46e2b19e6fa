import type { Steps } from './exchange.ts'

/** Runs a judgement to its end at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/**
 * Runs a judgement and gives other calls a turn at every yield, so that no text holds the event loop for long. Without a yield `done` has been
 * called when this returns: the usual message pays nothing.
 */
export function inTurns<T>(steps: Steps<T>, done: (value: T) => void): void {
  const { done: over, value } = steps.next()
  if (over === true) done(value)
  else setImmediate(() => inTurns(steps, done))
}
