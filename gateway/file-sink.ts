import { open, type FileHandle } from 'node:fs/promises'
import type { LineSink } from './options.ts'

/** Lines wait for each other for this long, so that a busy gateway makes few system calls. Milliseconds. */
const flushAfter = 100
const flushBytes = 64 * 1024
/** A disk that refuses is asked again after this. Milliseconds. */
const retryAfter = 1_000
/** What may wait for a disk that does not answer. */
const maxWaiting = 8 * 1024 * 1024

/**
 * Appends lines to a file (0600), buffered and bounded. While a write fails the sink is stalled, and what was not written is tried again from
 * the very byte where it stopped: the chain of an audit log survives a full disk.
 */
class FileSink implements LineSink {
  readonly #handle: FileHandle
  readonly #failed: (error: Error) => void
  /** Bytes on their way to the disk, and lines behind them. */
  #writing: Buffer | undefined
  #pending = ''
  #timer: NodeJS.Timeout | undefined
  #broken = false
  #idle: (() => void) | undefined

  constructor(handle: FileHandle, failed: (error: Error) => void) {
    this.#handle = handle
    this.#failed = failed
  }

  write(lines: string): void {
    this.#pending += lines
    if (this.#pending.length >= flushBytes) this.#flush()
    else this.#timer ??= setTimeout(() => this.#flush(), flushAfter)
  }

  stalled(): boolean {
    return this.#broken || this.#pending.length + (this.#writing?.length ?? 0) > maxWaiting
  }

  /** Waits for what is on its way; a disk that refuses is not waited for. */
  async close(): Promise<void> {
    this.#flush()
    if (this.#writing && !this.#broken) await new Promise<void>(resolve => (this.#idle = resolve))
    clearTimeout(this.#timer)
    await this.#handle.close()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing || this.#pending === '') return
    this.#writing = Buffer.from(this.#pending)
    this.#pending = ''
    void this.#append()
  }

  async #append(): Promise<void> {
    try {
      while (this.#writing && this.#writing.length > 0) {
        const { bytesWritten } = await this.#handle.write(this.#writing)
        this.#writing = this.#writing.subarray(bytesWritten)
      }
      this.#broken = false
      this.#writing = undefined
    } catch (error) {
      if (!this.#broken) this.#failed(error as Error)
      this.#broken = true
      this.#timer = setTimeout(() => void this.#append(), retryAfter).unref()
    }
    if (!this.#broken && this.#pending !== '') this.#flush()
    else this.#idle?.()
  }
}

/** Opens the file; `failed` hears of the first of a row of failures. */
export const fileSink = async (path: string, failed: (error: Error) => void): Promise<LineSink> =>
  new FileSink(await open(path, 'a', 0o600), failed)
