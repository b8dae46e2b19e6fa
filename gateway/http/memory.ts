/** Nobody may hold more than this part of all bytes: one caller or one server that stalls must leave room for the others. */
const share = 4

const alone = 'server'

/**
 * The bytes that all calls together hold in request and answer bodies. Without it, many large bodies at once end the process, however strict
 * the limit for each is. Each owner, a caller for requests and a server for answers, has a share of it.
 */
export class HeldBytes {
  #held = 0
  readonly #limit: number
  readonly #owners = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Reserves; false when a cap would be passed, and then nothing is reserved. */
  take(owner: string, bytes: number): boolean {
    const own = (this.#owners.get(owner) ?? 0) + bytes
    if (this.#held + bytes > this.#limit || (owner !== alone && own > this.#limit / share)) return false
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

  get held(): number {
    return this.#held
  }
}

/** How owners are called. */
export const callerShare = (principal: string): string => `caller ${principal}`
/** The only server of a gateway has nobody to leave room for. */
export const serverShare = (server: string, only: boolean): string => (only ? alone : `server ${server}`)
