import type { Steps } from './exchange.ts'

/** A judgement that is there, or that takes steps. The usual message takes none, so for it no generator is made. */
export type Soon<T extends object> = T | Steps<T>

export const inSteps = <T extends object>(soon: Soon<T>): soon is Steps<T> => 'next' in soon

/** Runs a judgement to its end at once. */
export function atOnce<T extends object>(soon: Soon<T>): T {
  if (!inSteps(soon)) return soon
  for (;;) {
    const { done, value } = soon.next()
    if (done === true) return value
  }
}

/**
 * Runs a judgement and gives other calls a turn at every yield, so that no text holds the event loop for long. Without a yield `done` has been
 * called when this returns. What is thrown after a yield has no caller to fall to, so it goes to `failed`.
 */
export function inTurns<T extends object>(
  soon: Soon<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (!inSteps(soon)) return done(soon)
  const { done: over, value } = soon.next()
  if (over === true) return done(value)
  setImmediate(() => {
    try {
      inTurns(soon, done, failed)
    } catch (error) {
      failed(error)
    }
  })
}

/** What becomes of a judgement, whenever it is there. */
export function whenThere<T extends object, R extends object>(soon: Soon<T>, next: (value: T) => R): Soon<R> {
  return inSteps(soon) ? later(soon, next) : next(soon)
}

function* later<T extends object, R extends object>(steps: Steps<T>, next: (value: T) => R): Steps<R> {
  return next(yield* steps)
}
