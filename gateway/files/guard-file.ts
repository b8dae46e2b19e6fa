import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { guardBytes, type Guards } from '../config/guard.ts'

function secret(file: string): Buffer {
  const bytes = readFileSync(file)
  if (bytes.length !== guardBytes) throw new Error(`${file}: holds ${bytes.length} bytes instead of ${guardBytes}`)
  return bytes
}

function previous(file: string): Buffer | undefined {
  try {
    return secret(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The guard secret that the operator made, and, while it is rotated, the one before: a file called `previous` beside it.
 * @throws Error when a file holds anything but 32 bytes, or the first is missing: nothing is made up in its place
 */
export function guardsOf(file: string): Guards {
  const before = previous(join(dirname(file), 'previous'))
  const current = secret(file)
  return before ? [current, before] : [current]
}
