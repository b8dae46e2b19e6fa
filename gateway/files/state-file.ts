import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'

const stateFileBytes = 32

/** Replaces a file (0600) as one: a crash or a full disk leaves the old contents or the new ones, never a part. */
export function replaceFile(file: string, bytes: Buffer | string): void {
  const temporary = `${file}.${process.pid}`
  const handle = openSync(temporary, 'w', 0o600)
  try {
    writeSync(handle, Buffer.from(bytes))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(temporary, file)
}

/**
 * 32 random bytes in a file, made when the file is missing. All keys are derived from them, so with an empty or short file anyone could compute
 * them.
 * @throws Error when the file holds anything but 32 bytes, or cannot be read or made
 */
export function readOrCreateStateFile(file: string): Buffer {
  try {
    const bytes = readFileSync(file)
    if (bytes.length === stateFileBytes) return bytes
    throw new Error(
      `${file}: holds ${bytes.length} bytes instead of ${stateFileBytes} random ones: remove it and a new one is made, or write one with "head -c ${stateFileBytes} /dev/urandom"; open sessions start again`,
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  replaceFile(file, randomBytes(stateFileBytes))
  return readFileSync(file)
}
