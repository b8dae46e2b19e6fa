import type { MaybePromise, Steps } from '../exchange.ts'

/** A judgement that is there, or that takes steps. The usual message takes none, so for it no generator is made. */
export type MaybeSteps<T extends object> = T | Steps<T>

/** Steps of which some wait: the promise that one of them yields is settled before the next is taken. It never rejects. */
export type WaitingSteps<T> = Generator<Promise<void> | undefined, T>

export type MaybeWaitingSteps<T extends object> = T | WaitingSteps<T>

/** Structural, so that a promise of any making is waited for and never taken for a verdict. */
export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && 'then' in value

export const isSteps = <T extends object, Y>(value: T | Generator<Y, T>): value is Generator<Y, T> => 'next' in value

/** Runs a judgement to its end at once. */
export function runSync<T extends object>(steps: MaybeSteps<T>): T {
  if (!isSteps(steps)) return steps
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The same judgement, said in another way when it is there. */
export function mapSteps<T extends object, R extends object, Y>(
  steps: T | Generator<Y, T>,
  next: (value: T) => R,
): R | Generator<Y, R> {
  return isSteps(steps) ? mapLater(steps, next) : next(steps)
}

function* mapLater<T extends object, R extends object, Y>(
  steps: Generator<Y, T>,
  next: (value: T) => R,
): Generator<Y, R> {
  return next(yield* steps)
}

/**
 * A promise that is waited for later, whatever made it. Until then it may reject, and a promise that rejects when no one waits for it ends the
 * process.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  const native = Promise.resolve(promise)
  native.catch(() => undefined)
  return native
}

/** Waits for a promise between two steps; throws what it rejects with. */
export function* waitFor<T>(promise: Promise<T>): WaitingSteps<T> {
  let settled: { readonly value: T } | { readonly error: unknown } | undefined
  yield Promise.resolve(promise).then(
    value => {
      settled = { value }
    },
    (error: unknown) => {
      settled = { error }
    },
  )
  return valueOf(settled)
}

function valueOf<T>(settled: { readonly value: T } | { readonly error: unknown } | undefined): T {
  if (settled === undefined) throw new Error('a step was taken before what it waits for was settled')
  if ('error' in settled) throw settled.error
  return settled.value
}

/** What goes on when a promise is settled, unless it is let go before: a promise that is never kept then holds nothing of it. */
export class Continuation {
  #act: (() => void) | undefined

  /** @param promise never rejects */
  static after(promise: Promise<void>, act: () => void): Continuation {
    const continuation = new Continuation(act)
    void promise.then(() => continuation.#act?.())
    return continuation
  }

  private constructor(act: () => void) {
    this.#act = act
  }

  letGo(): void {
    this.#act = undefined
  }
}
