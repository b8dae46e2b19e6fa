import { maxLine } from './audit.ts'
import { printableJson } from '../config/printable.ts'
import { spelled } from './members.ts'
import type { LineSink, Log, Notices } from '../options.ts'

type Level = 'info' | 'warn' | 'error'

/** Bytes of the fields that are left of a line that would be too long. */
const mostOfFields = 7_000

function lineOf(time: string, level: Level, event: string, fields: Record<string, unknown> | undefined): string {
  const line = `${printableJson(JSON.stringify({ time, level, event, ...fields }))}\n`
  if (line.length * 3 <= maxLine || Buffer.byteLength(line) <= maxLine) return line
  return `{"time":"${time}","level":"${level}","event":"${spelled(event, 500)}","cut":"${spelled(JSON.stringify(fields), mostOfFields)}"}\n`
}

/** JSON lines for people and their log collectors. `write` gets one line with its newline; never pass a token or an argument value. */
export function jsonLog(write: (line: string) => void, now: () => number): Log {
  const at =
    (level: Level) =>
    (event: string, fields?: Record<string, unknown>): void =>
      write(lineOf(new Date(now()).toISOString(), level, event, fields))
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

/** The same into a sink that may stall: then lines are dropped, and the next that is written comes with their number. */
export function droppingLog(sink: LineSink, now: () => number): Log {
  let dropped = 0
  const write = (line: string): void => {
    if (sink.stalled()) {
      dropped += 1
      return
    }
    const lines = dropped
    dropped = 0
    if (lines > 0) log.warn('the log was not read: lines were dropped', { lines })
    sink.write(line)
  }
  const log = jsonLog(write, now)
  return log
}

/** What the sink of the audit log says, as lines of the other log. */
export const auditNotices = (log: Log): Notices => ({
  failed: error => log.error('the audit log cannot be written', { error: error.message }),
  recovered: () => log.warn('the audit log is written again'),
  noticed: what => log.error('audit log', { what }),
})

/** How often something is said that may happen thousands of times in a second. Milliseconds. */
const saidEvery = 10_000

/** Says how often something happened, at once for the first time and then every ten seconds at most. */
export function throttled(say: (times: number) => void, now: () => number): () => void {
  let times = 0
  let said = -Infinity
  return () => {
    times += 1
    if (Math.abs(now() - said) < saidEvery) return
    said = now()
    say(times)
    times = 0
  }
}
