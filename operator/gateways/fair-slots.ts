/** Milliseconds that an owner keeps its place in the queue without asking again. */
const patience = 5000

/**
 * Bounds how much work runs at once, and how much of it for one owner, so that slow owners delay the others only so far. Nothing waits here: an owner without
 * a slot asks again. Free slots go to owners in the order in which they first asked without getting one.
 */
export class FairSlots {
  readonly #width: number
  readonly #share: number
  readonly #now: () => number
  readonly #taken = new Map<string, number>()
  /** Owners that got no slot, the first first, and when they asked last. */
  readonly #waiting = new Map<string, number>()
  #all = 0

  /**
   * @param share how many of the `width` slots one owner may have
   * @param now milliseconds
   */
  constructor(width: number, share: number, now: () => number) {
    this.#width = width
    this.#share = share
    this.#now = now
  }

  /** Runs something in a slot of an owner; undefined, and not run, when there is none. */
  async run<T>(owner: string, act: () => Promise<T>): Promise<T | undefined> {
    if (!this.#isFree(owner)) return undefined
    this.#count(owner, 1)
    try {
      return await act()
    } finally {
      this.#count(owner, -1)
    }
  }

  #isFree(owner: string): boolean {
    // Who has its share waits for its own, not for others.
    if ((this.#taken.get(owner) ?? 0) >= this.#share) return false
    const now = this.#now()
    for (const [one, asked] of this.#waiting) if (now - asked > patience) this.#waiting.delete(one)
    const place = [...this.#waiting.keys()].indexOf(owner)
    const before = place < 0 ? this.#waiting.size : place
    const isFree = this.#width - this.#all > before
    if (isFree) this.#waiting.delete(owner)
    else this.#waiting.set(owner, now)
    return isFree
  }

  #count(owner: string, change: number): void {
    this.#all += change
    const own = (this.#taken.get(owner) ?? 0) + change
    if (own === 0) this.#taken.delete(owner)
    else this.#taken.set(owner, own)
  }
}
