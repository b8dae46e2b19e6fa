import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { rotatedFiles } from '../gateway/observe/rotated-files.ts'
import type { LogStart } from './audit-chain.ts'
import { unwrap } from './audit-unwrap.ts'
import { UsageError } from './usage-error.ts'
import { linesOf } from './lines.ts'

/** A line of a log: its text, or undefined for one that is no audit line, and where it stands. */
export type LocatedLine = { readonly text: string | undefined; readonly file: string; readonly number: number }

/** An audit log as it is read. */
export type AuditLogSource = {
  /** How messages call it. */
  readonly name: string
  readonly beginning: LogStart
  /** Whether lines that are no audit lines belong there: in what a container printed, not in a file that has nothing else. */
  readonly isMixed: boolean
  lines(): AsyncGenerator<LocatedLine>
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code

function readError(file: string, error: unknown, hint = ''): unknown {
  const code = codeOf(error)
  if (code === undefined) return error
  return new UsageError(code === 'ENOENT' ? `${file}: there is no audit log${hint}` : `${file}: ${code}`)
}

const openIfExists = (file: string): Promise<FileHandle | undefined> =>
  open(file, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })

async function* locate(file: string, lines: AsyncIterable<string>): AsyncGenerator<LocatedLine> {
  let number = 0
  for await (const text of lines) yield { text, file, number: ++number }
}

/**
 * All files of a log that is rotated, the oldest first. The one that is written is opened before the others are looked for, so that one which is
 * rotated away meanwhile is read once.
 */
async function* rotatedLines(file: string): AsyncGenerator<LocatedLine> {
  const current = await openIfExists(file)
  const inode = current && (await current.stat({ bigint: true })).ino
  let isNone = current === undefined
  for (const older of await rotatedFiles(file)) {
    const handle = await openIfExists(older)
    if (!handle) continue
    isNone = false
    if ((await handle.stat({ bigint: true })).ino === inode) {
      // It is the one that was written a moment ago; those after it are newer still.
      await handle.close()
      break
    }
    yield* locate(older, linesOf(handle.createReadStream()))
  }
  if (isNone) throw Object.assign(new Error('no audit log'), { code: 'ENOENT' })
  if (current) yield* locate(file, linesOf(current.createReadStream()))
}

/** The log of `bartizan run`: its file and those that were rotated away. */
export const ownLog = (file: string): AuditLogSource => ({
  name: file,
  beginning: 'once',
  isMixed: false,
  async *lines() {
    try {
      yield* rotatedLines(file)
    } catch (error) {
      throw readError(file, error, ' (is --state right?)')
    }
  },
})

/** Logs of containers in the order in which they are named; `-` is standard input. */
export const collectedLog = (files: readonly string[]): AuditLogSource => ({
  name: files.join(', '),
  beginning: 'anywhere',
  isMixed: true,
  async *lines() {
    for (const file of files) {
      const find = unwrap()
      const stream = file === '-' ? createReadStream('', { fd: 0, autoClose: false }) : createReadStream(file)
      try {
        for await (const { text, number } of locate(file, linesOf(stream)))
          yield { text: find(text!), file: file === '-' ? 'stdin' : file, number }
      } catch (error) {
        throw readError(file, error)
      }
    }
  },
})
