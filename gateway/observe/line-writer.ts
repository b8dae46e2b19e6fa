import type { LineSink, Notices } from '../options.ts'

/** Lines wait for each other for this long, so that a busy gateway makes few system calls. Milliseconds. */
const flushAfter = 100
const flushBytes = 64 * 1024
/** What refuses is asked again after this, and a pipe that is full after that. Milliseconds. */
const retryAfter = 1_000
const fullRetryAfter = 20
/** For how long a pipe may be full before its reader counts as gone, and a write may be under way before its disk does. Milliseconds. */
const fullPatience = 1_000
const diskPatience = 5_000

const lineFeed = 10

/** What became of a chunk that was handed over completely: `removed` is gone with the file that it went to, and is written again. */
export type ChunkFate = 'kept' | 'moved' | 'removed'

/** Where bytes go: a file, a pipe. */
export type ByteSink = {
  /** Takes as many bytes as it can, at least one. Rejects with EAGAIN when there is no room for any just now. */
  write(bytes: Buffer): Promise<number>
  /** Looks where the bytes of the last writes are. Called after each chunk, and before a chunk that was refused is tried again. */
  locate(): Promise<ChunkFate>
  close(): Promise<void>
}

/**
 * Writes lines in the order in which they came, one write at a time, and knows how much is unwritten: beyond `maxWaiting` bytes, and while a
 * write fails, it is stalled. What was not written is tried again from the very byte where it stopped: the chain of an audit log survives a
 * full disk, and a reader who pauses.
 */
export class LineWriter implements LineSink {
  readonly #sink: ByteSink
  readonly #maxWaiting: number
  readonly #notices: Notices
  /** The chunk on its way, how much of it was taken, and the lines behind it. */
  #chunk: Buffer | undefined
  #taken = 0
  #pending = ''
  #flushing: NodeJS.Timeout | undefined
  #retrying: NodeJS.Timeout | undefined
  #broken = false
  #fullSince: number | undefined
  #idle: (() => void) | undefined
  notice: ((what: string) => void) | undefined

  /** @param pending what is written before everything else */
  constructor(sink: ByteSink, maxWaiting: number, notices: Notices, pending = '') {
    this.#sink = sink
    this.#maxWaiting = maxWaiting
    this.#notices = notices
    this.#pending = pending
  }

  write(lines: string): void {
    this.#pending += lines
    if (this.#pending.length >= flushBytes) this.#flush()
    else this.#flushing ??= setTimeout(() => this.#flush(), flushAfter)
  }

  stalled(): boolean {
    return this.#broken || this.#pending.length + (this.#chunk?.length ?? 0) > this.#maxWaiting
  }

  /** Lines that nothing was done for yet; they are the caller's now. For a process that ends at once. */
  take(): string {
    const lines = this.#pending
    this.#pending = ''
    return lines
  }

  /** Waits for what is on its way; what refuses, or has no room for a second, is not waited for. */
  async close(): Promise<void> {
    this.#flush()
    if (this.#chunk && !this.#broken) await new Promise<void>(resolve => (this.#idle = resolve))
    clearTimeout(this.#retrying)
    const closed = this.#sink.close()
    if (!this.#broken) return closed
    closed.catch(() => undefined)
  }

  #flush(): void {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    if (this.#chunk || this.#pending === '') return
    this.#chunk = Buffer.from(this.take())
    this.#taken = 0
    void this.#go()
  }

  async #go(): Promise<void> {
    const watch = setTimeout(() => this.#fail(new Error('a write does not come back')), diskPatience)
    try {
      await this.#hand(this.#chunk!)
    } catch (error) {
      return this.#later(error as NodeJS.ErrnoException)
    } finally {
      clearTimeout(watch)
    }
    if (this.#broken) this.#notices.recovered()
    this.#broken = false
    this.#fullSince = undefined
    this.#chunk = undefined
    if (this.#pending === '') this.#idle?.()
    // Lines whose time has not come wait for others: each chunk costs a write and a look at the file.
    else if (this.#flushing === undefined || this.#idle) this.#flush()
  }

  async #hand(chunk: Buffer): Promise<void> {
    while (this.#taken < chunk.length) {
      this.#taken += await this.#sink.write(chunk.subarray(this.#taken))
      this.#fullSince = undefined
      if (this.#taken === chunk.length && (await this.#sink.locate()) === 'removed') this.#taken = 0
    }
  }

  #later(error: NodeJS.ErrnoException): void {
    const now = Date.now()
    this.#fullSince ??= now
    const isFull = error.code === 'EAGAIN'
    if (!isFull || now - this.#fullSince > fullPatience) this.#fail(error)
    this.#retrying = setTimeout(() => void this.#retry(this.#chunk!), isFull ? fullRetryAfter : retryAfter)
    if (this.#broken) this.#retrying.unref()
  }

  #fail(error: Error): void {
    if (!this.#broken) this.#notices.failed(error)
    this.#broken = true
    this.#idle?.()
  }

  /** Where the file was taken away meanwhile, the chunk begins anew in the next one: altogether, or with the line that was cut. */
  async #retry(chunk: Buffer): Promise<void> {
    try {
      const kept = await this.#sink.locate()
      if (kept === 'removed') this.#taken = 0
      if (kept === 'moved' && this.#taken > 0) this.#taken = chunk.lastIndexOf(lineFeed, this.#taken - 1) + 1
    } catch (error) {
      return this.#later(error as NodeJS.ErrnoException)
    }
    await this.#go()
  }
}
