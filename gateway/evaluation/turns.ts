import { isSteps, type MaybeWaitingSteps } from './steps.ts'

/** A judgement whose next step waits for its turn. */
type Job = {
  /** Takes one step. False when it was the last, or when the next one waits for something else than its turn. */
  readonly step: () => boolean
  /** False once the outcome is of no use: then no further step is taken. */
  readonly isWanted: () => boolean
  /** It is given up. */
  readonly drop: () => void
}

/**
 * Judgements that take more than one step. In each round of the event loop one step is taken, of the next owner in turn, and of their judgements in
 * turn: however much one caller has to be judged, a call of another waits for one step of each owner that has work, and a call that needs no step
 * for a single one.
 */
export class Turns {
  /** Owners with work, the next one first. */
  readonly #owners = new Map<string, Job[]>()
  readonly #later: (act: () => void) => void
  #planned = false

  /** @param later runs what it is given when others had their turn */
  constructor(later: (act: () => void) => void = setImmediate) {
    this.#later = later
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

  add(owner: string, job: Job): void {
    const queue = this.#owners.get(owner)
    if (queue === undefined) this.#owners.set(owner, [job])
    else queue.push(job)
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
    const [job, ...queue] = all.filter(isWanted)
    // The owner goes to the end of the row, if there is more to do for them.
    this.#owners.delete(owner)
    if (queue.length > 0) this.#owners.set(owner, queue)
    if (job?.step() === true) this.add(owner, job)
    this.#plan()
  }
}

function isWanted(job: Job): boolean {
  const wanted = job.isWanted()
  if (!wanted) job.drop()
  return wanted
}

const shared = new Turns()

/** For whom a judgement is made, and whether its outcome still matters. */
export type TurnOrder = {
  readonly owner: string
  isWanted?(): boolean
  /** Bounds what a step waits for. When it rejects, the judgement is given up and `failed` is told why. */
  wait?(promise: Promise<void>): Promise<void>
  readonly turns?: Turns
}

/**
 * Runs a judgement and gives other calls a turn at every yield, so that no text holds the event loop for long. One without a yield is over when this
 * returns, unless the owner has others that wait: then it waits behind them. What is thrown later has no caller to fall to, so it goes to `failed`.
 *
 * @param order for whom the work is done: owners share what there is equally, however many judgements each has
 */
export function runInTurns<T extends object>(
  steps: MaybeWaitingSteps<T>,
  order: TurnOrder,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (!isSteps(steps)) return done(steps)
  const { owner, turns = shared } = order
  const isWanted = (): boolean => order.isWanted?.() !== false
  const add = (): void => turns.add(owner, { step, isWanted, drop })
  /** What a judgement holds is given back when it is given up. */
  const drop = (): void => void steps.return(undefined as never)
  const wait = (promise: Promise<void>): void => {
    const giveUp = (error: unknown): void => {
      drop()
      failed(error)
    }
    ;(order.wait?.(promise) ?? promise).then(add, giveUp)
  }
  /** Takes one step. True when there is another that waits for nothing but its turn. */
  const next = (): boolean => {
    const { done: over, value } = steps.next()
    if (over === true) {
      done(value)
      return false
    }
    if (value !== undefined) wait(value)
    return value === undefined
  }
  const step = (): boolean => {
    try {
      return next()
    } catch (error) {
      failed(error)
      return false
    }
  }
  if (turns.isBusy(owner) || next()) add()
}
