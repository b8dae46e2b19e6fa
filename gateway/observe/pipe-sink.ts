import { write } from 'node:fs'
import { promisify } from 'node:util'
import type { Notices } from '../options.ts'
import { LineWriter } from './line-writer.ts'

const writing = promisify(write)

/**
 * Writes to standard output or standard error. Node's own streams keep in memory whatever a reader does not take, without bound. They do one
 * thing that is needed here: for a pipe or a socket they make the descriptor non-blocking, so that a write without room is refused at once
 * instead of holding a thread. Files and terminals take what they are given.
 * @param maxWaiting bytes that may wait for the reader
 */
export function pipeSink({ fd }: { readonly fd: number }, maxWaiting: number, notices: Notices): LineWriter {
  return new LineWriter(
    {
      write: async bytes => (await writing(fd, bytes)).bytesWritten,
      locate: () => Promise.resolve('kept'),
      close: () => Promise.resolve(),
    },
    maxWaiting,
    notices,
  )
}
