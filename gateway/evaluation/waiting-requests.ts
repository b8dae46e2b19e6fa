/** How many requests may wait at once, and for one address or caller. */
export type WaitingLimits = { readonly most: number; readonly mostPerOwner: number }

/**
 * Requests that wait for what an authenticator or a stage promised. Each holds a connection, a head and a body, so there is a bound on all of them,
 * and one owner cannot take every place.
 */
export class WaitingRequests {
  readonly #limits: WaitingLimits
  readonly #owners = new Map<string, number>()
  #size = 0

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  /** Takes a place; false when there is none. */
  enter(owner: string): boolean {
    const own = this.#owners.get(owner) ?? 0
    if (this.#size >= this.#limits.most || own >= this.#limits.mostPerOwner) return false
    this.#size += 1
    this.#owners.set(owner, own + 1)
    return true
  }

  leave(owner: string): void {
    const left = (this.#owners.get(owner) ?? 0) - 1
    this.#size -= 1
    if (left > 0) this.#owners.set(owner, left)
    else this.#owners.delete(owner)
  }
}
