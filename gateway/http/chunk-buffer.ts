const nothing = Buffer.alloc(0)
const smallest = 16 * 1024

/**
 * Chunks of a body in one buffer that doubles: however small the chunks are, they cost no more than their bytes. A body of one chunk is that
 * chunk, uncopied. (A list of chunks costs an object for each, and an attacker sends them byte by byte.)
 */
export class ChunkBuffer {
  #bytes: Buffer = nothing
  #size = 0

  get length(): number {
    return this.#size
  }

  push(chunk: Buffer): void {
    if (this.#size === 0) {
      this.#bytes = chunk
      this.#size = chunk.length
      return
    }
    const size = this.#size + chunk.length
    // A buffer of exactly its content is the first chunk, which belongs to the caller.
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#bytes.length, smallest))
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#size)
    this.#size = size
  }

  /** Everything so far, and empty again. */
  take(): Buffer {
    const all = this.#size === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#size)
    this.#bytes = nothing
    this.#size = 0
    return all
  }
}
