/** Nobody may hold more than this part of all bytes in requests: one caller with unfinished bodies must leave room for the others. */
const share = 4

/** For whom the bytes of an answer are counted. `alone`: the only server of a gateway has no other to leave room for. */
export type AnswerOwner = { readonly server: string; readonly alone: boolean; readonly caller: string }

/** What the answers of one server hold, and for which callers. Kept when it is nothing: that is how it is after most calls. */
type Answers = { held: number; readonly callers: Map<string, number> }

/**
 * The bytes that all calls together hold in request and answer bodies, until they have left the process. Without it, many large bodies at once
 * end the process, however strict the limit for each is.
 *
 * In requests each caller has a fixed share. In answers a server may hold half of what all others leave free, and a caller of it half of what the
 * other callers of that server leave free: whoever does not read keeps at most half of the room, the next at most a quarter, so that there is
 * always some for those who do (decision 46).
 */
export class HeldBytes {
  #held = 0
  readonly #limit: number
  readonly #owners = new Map<string, number>()
  readonly #servers = new Map<string, Answers>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Reserves for a request; false when a cap would be passed, and then nothing is reserved. */
  take(owner: string, bytes: number): boolean {
    const own = (this.#owners.get(owner) ?? 0) + bytes
    if (this.#held + bytes > this.#limit || own > this.#limit / share) return false
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
  takeAnswer({ server, alone, caller }: AnswerOwner, bytes: number): boolean {
    let answers = this.#servers.get(server)
    if (!answers) this.#servers.set(server, (answers = { held: 0, callers: new Map() }))
    const own = answers.callers.get(caller) ?? 0
    const left = this.#limit - (this.#held - answers.held)
    const most = alone ? left : left / 2
    if (answers.held + bytes > most || (own + bytes) * 2 > most - (answers.held - own)) return false
    this.#held += bytes
    answers.held += bytes
    answers.callers.set(caller, own + bytes)
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
}

/** How owners of requests are called. */
export const callerShare = (principal: string): string => `caller ${principal}`
