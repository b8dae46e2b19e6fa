/**
 * Bounds how much of a kind is done at once, and how much of that for one owner, so that who is slow keeps the others waiting only so far. Nothing waits
 * here: who gets no slot comes again.
 */
export class Slots {
  readonly #width: number
  readonly #share: number
  readonly #taken = new Map<string, number>()
  #all = 0

  /** @param share how many of the `width` slots one owner may have */
  constructor(width: number, share: number) {
    this.#width = width
    this.#share = share
  }

  /** Runs something in a slot of an owner; undefined, and not run, when there is none. */
  async run<T>(owner: string, act: () => Promise<T>): Promise<T | undefined> {
    const own = this.#taken.get(owner) ?? 0
    if (this.#all >= this.#width || own >= this.#share) return undefined
    this.#count(owner, 1)
    try {
      return await act()
    } finally {
      this.#count(owner, -1)
    }
  }

  #count(owner: string, change: number): void {
    this.#all += change
    const own = (this.#taken.get(owner) ?? 0) + change
    if (own === 0) this.#taken.delete(owner)
    else this.#taken.set(owner, own)
  }
}
