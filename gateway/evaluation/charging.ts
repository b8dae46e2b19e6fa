import type { Charge, Denial, Exchange, Message, Reservation } from '../exchange.ts'
import { isPromise, waitFor, type WaitingSteps } from './steps.ts'

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
  const reserved: Reservation[] = []
  try {
    for (const charge of charges) {
      const answer = yield* reservation(charge, x)
      if (answer === undefined) continue
      if ('deny' in answer) return answer
      reserved.push(answer)
    }
    for (const one of reserved.splice(0)) one.commit()
    return free
  } finally {
    for (const one of reserved) one.release()
  }
}

type Answer = Awaited<ReturnType<Charge['reserve']>>

function* reservation(charge: Charge, x: Exchange): WaitingSteps<Answer> {
  try {
    const answer = charge.reserve(x)
    return isPromise(answer) ? yield* unlessLate(answer) : answer
  } catch (error) {
    const detail = `${charge.name} threw: ${(error as Error).message}`
    return { deny: { stage: charge.name, code: 'Internal', detail } }
  }
}

const release = (answer: Answer): void => {
  if (answer !== undefined && 'release' in answer) answer.release()
}

/** What is reserved when the request is over already is given back. */
function* unlessLate(promise: Promise<Answer>): WaitingSteps<Answer> {
  let isWaiting = true
  try {
    const answer = yield* waitFor(promise)
    isWaiting = false
    return answer
  } finally {
    if (isWaiting) promise.then(release).catch(() => undefined)
  }
}
