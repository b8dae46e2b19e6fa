import type { Steps } from '../exchange.ts'

/** A judgement that is there, or that takes steps. The usual message takes none, so for it no generator is made. */
export type MaybeSteps<T extends object> = T | Steps<T>

export const isSteps = <T extends object>(soon: MaybeSteps<T>): soon is Steps<T> => 'next' in soon

/** Runs a judgement to its end at once. */
export function runSync<T extends object>(soon: MaybeSteps<T>): T {
  if (!isSteps(soon)) return soon
  for (;;) {
    const { done, value } = soon.next()
    if (done === true) return value
  }
}

/** A judgement that waits for its next step. */
type Waiting = {
  /** Takes one step. False when it was the last. */
  readonly step: () => boolean
  /** False once its outcome is of no use to anybody: then no further step is taken. */
  readonly isWanted: () => boolean
}

/**
 * Judgements that take more than one step. In each round of the event loop one step is taken, of the next owner in turn, and of their judgements in
 * turn: however much one caller has to be judged, a call of another waits for one step of each owner that has work, and a call that needs no step
 * for a single one.
 */
export class Turns {
  /** Owners with work, the next one first. */
  readonly #owners = new Map<string, Waiting[]>()
  readonly #later: (act: () => void) => void
  #planned = false

  /** @param mapLater runs what it is given when others had their turn */
  constructor(mapLater: (act: () => void) => void = setImmediate) {
    this.#later = mapLater
  }

  /** How many judgements wait. */
  get waiting(): number {
    let sum = 0
    for (const queue of this.#owners.values()) sum += queue.length
    return sum
  }

  isBusy(owner: string): boolean {
    return this.#owners.has(owner)
  }

  add(owner: string, waiting: Waiting): void {
    const queue = this.#owners.get(owner)
    if (queue === undefined) this.#owners.set(owner, [waiting])
    else queue.push(waiting)
    this.#plan()
  }

  #plan(): void {
    if (this.#planned || this.#owners.size === 0) return
    this.#planned = true
    this.#later(() => {
      this.#planned = false
      this.#turn()
    })
  }

  #turn(): void {
    const [owner, all] = this.#owners.entries().next().value!
    const [waiting, ...queue] = all.filter(({ isWanted }) => isWanted())
    // The owner goes to the end of the row, if there is more to do for them.
    this.#owners.delete(owner)
    if (queue.length > 0) this.#owners.set(owner, queue)
    if (waiting?.step() === true) this.add(owner, waiting)
    this.#plan()
  }
}

const shared = new Turns()

/** For whom a judgement is made, and whether its outcome still matters. */
export type TurnOrder = {
  readonly owner: string
  isWanted?(): boolean
  readonly turns?: Turns
}

/**
 * Runs a judgement and gives other calls a turn at every yield, so that no text holds the event loop for long. One without a yield is over when this
 * returns, unless the owner has others that wait: then it waits behind them. What is thrown later has no caller to fall to, so it goes to `failed`.
 *
 * @param order for whom the work is done: owners share what there is equally, however many judgements each has
 */
export function runInTurns<T extends object>(
  soon: MaybeSteps<T>,
  order: TurnOrder,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (!isSteps(soon)) return done(soon)
  const { owner, turns = shared } = order
  if (!turns.isBusy(owner)) {
    const { done: over, value } = soon.next()
    if (over === true) return done(value)
  }
  const step = (): boolean => {
    try {
      const { done: over, value } = soon.next()
      if (over === true) done(value)
      return over !== true
    } catch (error) {
      failed(error)
      return false
    }
  }
  turns.add(owner, { step, isWanted: () => order.isWanted?.() !== false })
}

/** What becomes of a judgement, whenever it is there. */
export function mapSteps<T extends object, R extends object>(
  soon: MaybeSteps<T>,
  next: (value: T) => R,
): MaybeSteps<R> {
  return isSteps(soon) ? later(soon, next) : next(soon)
}

function* later<T extends object, R extends object>(steps: Steps<T>, next: (value: T) => R): Steps<R> {
  return next(yield* steps)
}
