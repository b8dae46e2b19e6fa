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

  /** @param pending what is written before everything else */
  constructor(handle: FileHandle, failed: (error: Error) => void, pending: string) {
    this.#handle = handle
    this.#failed = failed
    this.#pending = pending
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

/** Whether a crash left the last line in the middle. Pipes and devices have no last line. */
async function isTorn(path: string, written: FileHandle): Promise<boolean> {
  const stat = await written.stat()
  if (!stat.isFile() || stat.size === 0) return false
  const reader = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(1), 0, 1, stat.size - 1)
    return bytesRead === 1 && buffer[0] !== 10
  } finally {
    await reader.close()
  }
}

/** Opens the file and ends a line that a crash left in the middle, so that the next is one of its own; `failed` hears of the first of a row of failures. */
export async function fileSink(path: string, failed: (error: Error) => void): Promise<LineSink> {
  const handle = await open(path, 'a', 0o600)
  try {
    return new FileSink(handle, failed, (await isTorn(path, handle)) ? '\n' : '')
  } catch (error) {
    await handle.close()
    throw error
  }
}
