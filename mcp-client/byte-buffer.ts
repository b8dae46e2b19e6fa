const nothing = Buffer.alloc(0)
const smallest = 1024

/**
 * Bytes in one buffer that doubles: however small the pieces are in which they come, they cost no more than their number. (A list of pieces costs an
 * object for each, and who wants to do harm sends them one by one.)
 */
export class ByteBuffer {
  #held: Buffer = nothing
  #size = 0

  get length(): number {
    return this.#size
  }

  push(piece: Uint8Array): void {
    const size = this.#size + piece.length
    if (size > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#held.length, smallest))
      this.#held.copy(larger, 0, 0, this.#size)
      this.#held = larger
    }
    this.#held.set(piece, this.#size)
    this.#size = size
  }

  /** Everything so far, until the next push; then it begins anew. */
  take(): Buffer {
    const all = this.#held.subarray(0, this.#size)
    this.#size = 0
    return all
  }
}
