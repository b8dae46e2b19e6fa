import type { Log } from '../../options.ts'
import type { Clock } from './clock.ts'
import { lineReader } from './lines.ts'

const MAX_LINE = 8 * 1024
const LINES_PER_WINDOW = 20
const WINDOW = 10_000

/**
 * Writes what a server says on stderr to the log: whole lines, redacted, at most 20 in ten seconds for all processes of the server.
 * Longer lines are left out, since a secret could stand across the place where they would be cut.
 */
export function stderrLog(server: string, redact: (text: string) => string, clock: Clock, log: Log) {
  let windowEnds = 0
  let written = 0
  let left = 0

  const allowed = (): boolean => {
    const now = clock.now()
    if (now >= windowEnds) {
      if (left > 0) log.warn('stdio.stderr.suppressed', { server, lines: left })
      windowEnds = now + WINDOW
      written = 0
      left = 0
    }
    written += 1
    if (written > LINES_PER_WINDOW) left += 1
    return written <= LINES_PER_WINDOW
  }

  /** A reader for one process. */
  return function reader(pid: number | undefined): (chunk: Buffer) => void {
    return lineReader(
      MAX_LINE,
      line => {
        if (allowed()) log.info('stdio.stderr', { server, pid, text: redact(line.toString('utf8').trimEnd()) })
      },
      () => {
        if (allowed()) log.info('stdio.stderr', { server, pid, text: `(a line of more than ${MAX_LINE} bytes)` })
      },
    )
  }
}
