import type { Denial } from '../exchange.ts'

/** No caller may hold more than this part of all bytes in requests: one caller with unfinished bodies must leave room for the others. */
const share = 4

/** For whom the bytes of an answer are counted. `alone`: the only server of a gateway has no other to leave room for. */
export type AnswerOwner = { readonly server: string; readonly alone: boolean; readonly caller: string }

/** For how long bytes may wait for a client before they give way to others. Milliseconds. */
const grace = 2_000

/** Bytes that wait for a client: to take its answer, or to send the rest of a request. */
export type Waiting = {
  /** Whose bytes they are; of a request, what `take` calls its owner. */
  readonly share: AnswerOwner | string
  /** Milliseconds since the epoch; infinite while they wait for nothing. */
  readonly since: number
  /** Ends what they belong to. They are given back when it returns. */
  giveWay(): void
}

/** Why an answer ends that gives way. */
export const untaken: Denial = { stage: 'answer', code: 'Busy', detail: 'not taken, while others needed the room' }

/** What the answers of one server hold, and for which callers. Kept when it is nothing: that is how it is after most calls. */
type Answers = { held: number; readonly callers: Map<string, number> }

/**
 * The bytes that all calls together hold in request and answer bodies, until they have left the process. Without it, many large bodies at once
 * end the process, however strict the limit for each is.
 *
 * In requests each caller has a fixed share. In answers a server may hold half of what all others leave free, and a caller of it half of what the
 * other callers of that server leave free: a client that does not read keeps at most half of the room, the next at most a quarter, so that there is
 * always some for those who do. Where that is not enough, since there are many of them, the one that has the most gives way (decision 46).
 */
export class HeldBytes {
  #held = 0
  readonly #limit: number
  readonly #owners = new Map<string, number>()
  readonly #servers = new Map<string, Answers>()
  readonly #waiting = new Set<Waiting>()
  readonly now: () => number

  constructor(limit: number, now: () => number = Date.now) {
    this.#limit = limit
    this.now = now
  }

  /** From now on they may have to give way, until `settled`. */
  waits(bytes: Waiting): void {
    this.#waiting.add(bytes)
  }

  settled(bytes: Waiting): void {
    this.#waiting.delete(bytes)
  }

  /** Reserves for a request; false when a cap would be passed, and then nothing is reserved. */
  take(owner: string, bytes: number): boolean {
    const own = (this.#owners.get(owner) ?? 0) + bytes
    if (own > this.#limit / share) return false
    while (this.#held + bytes > this.#limit) if (!this.#makeRoom(owner)) return false
    this.#held += bytes
    this.#owners.set(owner, own)
    return true
  }

  give(owner: string, bytes: number): void {
    if (bytes === 0) return
    this.#held -= bytes
    const own = (this.#owners.get(owner) ?? 0) - bytes
    if (own > 0) this.#owners.set(owner, own)
    else this.#owners.delete(owner)
  }

  /** Reserves for an answer; false when a cap would be passed, and then nothing is reserved. */
  takeAnswer(owner: AnswerOwner, bytes: number): boolean {
    const { server, caller } = owner
    let answers = this.#servers.get(server)
    if (!answers) this.#servers.set(server, (answers = { held: 0, callers: new Map() }))
    while (!this.#fits(owner, answers, bytes)) if (!this.#makeRoom(owner)) return false
    this.#held += bytes
    answers.held += bytes
    answers.callers.set(caller, (answers.callers.get(caller) ?? 0) + bytes)
    return true
  }

  giveAnswer({ server, caller }: AnswerOwner, bytes: number): void {
    const answers = this.#servers.get(server)
    if (bytes === 0 || !answers) return
    this.#held -= bytes
    answers.held -= bytes
    const own = (answers.callers.get(caller) ?? 0) - bytes
    if (own > 0) answers.callers.set(caller, own)
    else answers.callers.delete(caller)
  }

  get held(): number {
    return this.#held
  }

  #fits({ alone, caller }: AnswerOwner, answers: Answers, bytes: number): boolean {
    const own = answers.callers.get(caller) ?? 0
    const left = this.#limit - (this.#held - answers.held)
    const most = alone ? left : left / 2
    return answers.held + bytes <= most && (own + bytes) * 2 <= most - (answers.held - own)
  }

  #of(owner: AnswerOwner | string): number {
    if (typeof owner === 'string') return this.#owners.get(owner) ?? 0
    return this.#servers.get(owner.server)?.callers.get(owner.caller) ?? 0
  }

  /** Ends what waits for longest of the owner that has the most, if that is more than what the one who asks has. */
  #makeRoom(owner: AnswerOwner | string): boolean {
    const before = this.now() - grace
    let most = this.#of(owner)
    let found: Waiting | undefined
    for (const one of this.#waiting) {
      if (one.since > before || this.#of(one.share) <= most) continue
      most = this.#of(one.share)
      found = one
    }
    if (!found) return false
    this.#waiting.delete(found)
    found.giveWay()
    return true
  }
}

/** How owners of requests are called. */
export const callerShare = (principal: string): string => `caller ${principal}`
