/**
 * The bytes that all calls together hold in request and answer bodies. Without it, many large bodies at once end the process, however strict
 * the limit for each is.
 */
export class HeldBytes {
  #held = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Reserves; false when the cap would be passed, and then nothing is reserved. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#limit) return false
    this.#held += bytes
    return true
  }

  give(bytes: number): void {
    this.#held -= bytes
  }

  get held(): number {
    return this.#held
  }
}
