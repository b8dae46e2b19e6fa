import type { Charge, Denial, Exchange, Message, Reservation } from '../exchange.ts'
import { handled, isPromise, waitFor, type WaitingSteps } from './steps.ts'

/** What the charges said of one message. */
export type Charged = { readonly deny?: Denial }

const free: Charged = {}

/**
 * What the messages of one request were charged. It lives as long as the decision about the request, so that a rewrite or a reload does not charge
 * a message again: the first answer stays.
 */
export class ChargeLedger {
  #charged: Map<Message, Charged> | undefined;

  /** Asks every charge once about a message, which is named as it arrived. */
  *charge(arrived: Message, charges: readonly Charge[], x: Exchange): WaitingSteps<Charged> {
    const known = this.#charged?.get(arrived)
    if (known !== undefined) return known
    const charged = yield* chargeTogether(charges, x)
    this.#charged ??= new Map()
    this.#charged.set(arrived, charged)
    return charged
  }
}

/** All of them, or none. A decision that is given up meanwhile gives back what was reserved. */
function* chargeTogether(charges: readonly Charge[], x: Exchange): WaitingSteps<Charged> {
  const reserved: Reserved[] = []
  try {
    for (const charge of charges) {
      const answer = yield* reservation(charge, x)
      if (answer === undefined) continue
      if ('deny' in answer) return answer
      reserved.push({ charge, reservation: answer })
    }
    return commit(reserved)
  } finally {
    for (const { reservation: one } of reserved) release(one)
  }
}

type Reserved = { readonly charge: Charge; readonly reservation: Reservation }

const thrown = ({ name }: Charge, error: unknown): { readonly deny: Denial } => ({
  deny: { stage: name, code: 'Internal', detail: `${name} threw: ${(error as Error).message}` },
})

/** Takes for good what was reserved, one after the other. When one of them throws, what is left stays reserved. */
function commit(reserved: Reserved[]): Charged {
  for (let next = reserved.shift(); next !== undefined; next = reserved.shift()) {
    try {
      next.reservation.commit()
    } catch (error) {
      return thrown(next.charge, error)
    }
  }
  return free
}

type Answer = Awaited<ReturnType<Charge['reserve']>>

function* reservation(charge: Charge, x: Exchange): WaitingSteps<Answer> {
  try {
    const answer = charge.reserve(x)
    return isPromise(answer) ? yield* unlessLate(handled(answer)) : answer
  } catch (error) {
    return thrown(charge, error)
  }
}

/** Gives back one reservation. When that throws, the others are given back all the same, and what was said of the message stays said. */
function release(answer: Answer): void {
  if (answer === undefined || !('release' in answer)) return
  try {
    answer.release()
  } catch {
    // What it holds is its own affair.
  }
}

/** What is reserved when the request is over already is given back. */
function* unlessLate(promise: Promise<Answer>): WaitingSteps<Answer> {
  let isWaiting = true
  try {
    const answer = yield* waitFor(promise)
    isWaiting = false
    return answer
  } finally {
    if (isWaiting) promise.then(release, () => undefined)
  }
}
