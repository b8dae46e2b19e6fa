import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { LineSink } from './start.ts'

/** Lines wait for each other for this long, so that a busy gateway makes few system calls. Milliseconds. */
const flushAfter = 100
const flushBytes = 64 * 1024
/** What may wait for a disk that does not answer. */
const maxWaiting = 8 * 1024 * 1024

/** Appends lines to a file (0600), buffered and bounded; a write that failed leaves the sink stalled. */
export async function fileSink(path: string, failed: (error: Error) => void): Promise<LineSink> {
  await (await open(path, 'a', 0o600)).close()
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600, highWaterMark: flushBytes })
  let broken = false
  let pending = ''
  let timer: NodeJS.Timeout | undefined
  stream.on('error', error => {
    broken = true
    failed(error)
  })
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (pending === '' || broken) return
    stream.write(pending)
    pending = ''
  }
  return {
    write(lines) {
      pending += lines
      if (pending.length >= flushBytes) flush()
      else timer ??= setTimeout(flush, flushAfter)
    },
    stalled: () => broken || stream.writableLength + pending.length > maxWaiting,
    close: () =>
      new Promise(resolve => {
        flush()
        if (broken) resolve()
        else stream.end(() => resolve())
      }),
  }
}
