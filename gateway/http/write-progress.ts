/** How long a client may take for an answer, however small, and the rate at which a larger one has to be taken. Milliseconds; bytes per second. */
const base = 30_000
const rate = 64 * 1024

/**
 * How far a client has taken what was written for it. Progress alone is no measure: one byte a minute is progress, too. So each time there is
 * something to take, all of it has to be taken within a total time, which is 30 s and 1 s for each 64 KiB. Nothing to take, no time runs.
 */
export class WriteProgress {
  #written = 0
  /** What had been written when the time began to run; heads and framing are not counted, so there may be more to take than was written. */
  #mark = -Infinity
  #since = 0
  #time = 0

  /** Bytes that were handed to Node. */
  wrote(bytes: number): void {
    this.#written += bytes
  }

  /** When the time began to run; infinite while there is nothing to take. */
  get since(): number {
    return this.#mark === -Infinity ? Infinity : this.#since
  }

  /** Is the time over? `unwritten`: bytes that are still in this process. `now` in milliseconds since the epoch. */
  isLate(unwritten: number, now: number): boolean {
    if (unwritten > 0 && this.#written - unwritten < this.#mark) return now - this.#since > this.#time
    this.#mark = unwritten > 0 ? this.#written : -Infinity
    this.#since = now
    this.#time = base + (unwritten / rate) * 1000
    return false
  }
}
