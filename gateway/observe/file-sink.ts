import { open, stat, type FileHandle } from 'node:fs/promises'
import { constants, type BigIntStats } from 'node:fs'
import type { LineSink, Notices } from '../options.ts'
import { LineWriter, type ByteSink, type ChunkFate } from './line-writer.ts'
import type { Rotation } from '../config/rotation.ts'
import { prune, rotateAway } from './rotated-files.ts'

/** What may wait for a disk that does not answer. Bytes. */
const maxWaiting = 8 * 1024 * 1024

type Opened = {
  readonly handle: FileHandle
  readonly inode: bigint
  readonly device: bigint
  readonly isFile: boolean
  /** Milliseconds since the epoch. */
  readonly made: number
  /** Bytes that are in it. */
  size: number
}

const lineFeed = 10

/** Whether a crash left the last line in the middle. */
async function isTorn(path: string, size: number): Promise<boolean> {
  const reader = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(1), 0, 1, size - 1)
    return bytesRead === 1 && buffer[0] !== lineFeed
  } finally {
    await reader.close()
  }
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants
const appending = O_APPEND | O_CREAT | O_WRONLY

/** Opens for appending (0600) and ends a line that was left in the middle. Pipes and devices have no last line. */
async function append(path: string, flags = appending): Promise<Opened> {
  const handle = await open(path, flags, 0o600)
  try {
    const found = await handle.stat({ bigint: true })
    const isFile = found.isFile()
    let size = isFile ? Number(found.size) : 0
    if (size > 0 && (await isTorn(path, size))) size += (await handle.write('\n')).bytesWritten
    return {
      handle,
      inode: found.ino,
      device: found.dev,
      isFile,
      made: Number(found.birthtimeMs || found.ctimeMs),
      size,
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/**
 * A file that is appended to and makes way for a new one when it is large or old. Others may take it away while it is written: what lies at the
 * path is compared with what is open, and what went with a removed file is written again into the next.
 */
class RotatedFile implements ByteSink {
  readonly #path: string
  readonly #rotation: Rotation
  readonly #notices: Notices
  readonly #now: () => number
  #open: Opened

  constructor(path: string, rotation: Rotation, notices: Notices, now: () => number, opened: Opened) {
    this.#path = path
    this.#rotation = rotation
    this.#notices = notices
    this.#now = now
    this.#open = opened
  }

  async write(bytes: Buffer): Promise<number> {
    const { bytesWritten } = await this.#open.handle.write(bytes)
    this.#open.size += bytesWritten
    return bytesWritten
  }

  async locate(): Promise<ChunkFate> {
    if (!this.#open.isFile) return 'kept'
    const there = await stat(this.#path, { bigint: true }).catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
    if (!there || there.ino !== this.#open.inode || there.dev !== this.#open.device) return this.#replaced()
    this.#compareSize(there)
    const { size, made } = this.#open
    if (size > 0 && (size >= this.#rotation.maxBytes || this.#now() - made >= this.#rotation.maxAge))
      await this.#rotate()
    return 'kept'
  }

  close(): Promise<void> {
    return this.#open.handle.close()
  }

  async #replaced(): Promise<ChunkFate> {
    const { nlink } = await this.#open.handle.stat()
    await this.#reopen()
    this.#notices.noticed(
      nlink === 0
        ? 'the file was removed by others: what it held is gone, the log goes on in a new one'
        : 'the file was renamed by others: the log goes on in a new one',
    )
    return nlink === 0 ? 'removed' : 'moved'
  }

  #compareSize({ size }: BigIntStats): void {
    const found = Number(size)
    if (found < this.#open.size) this.#notices.noticed('the file was shortened by others: what was cut off is gone')
    this.#open.size = found
  }

  async #rotate(): Promise<void> {
    await rotateAway(this.#path, this.#now())
    await this.#reopen()
    await prune(this.#path, this.#rotation).catch((error: unknown) =>
      this.#notices.noticed(`old files could not be removed: ${(error as Error).message}`),
    )
  }

  async #reopen(): Promise<void> {
    // Others may have put a pipe there that has no reader: to wait for one would hold a thread, and the calls with it.
    const next = await append(this.#path, appending | O_NONBLOCK)
    const { handle } = this.#open
    this.#open = next
    await handle.close()
  }
}

/**
 * Opens a file for the lines of a log, buffered and bounded.
 * @throws Error of the system when the file cannot be opened
 */
export async function fileSink(
  path: string,
  rotation: Rotation,
  notices: Notices,
  now: () => number = Date.now,
): Promise<LineSink> {
  const noticed = (what: string): void => {
    notices.noticed(what)
    outlet.notice?.(what)
  }
  const file = new RotatedFile(path, rotation, { ...notices, noticed }, now, await append(path))
  const outlet = new LineWriter(file, maxWaiting, notices)
  return outlet
}
