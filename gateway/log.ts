import { printableJson } from './config/printable.ts'
import type { Log } from './options.ts'

type Level = 'info' | 'warn' | 'error'

/** JSON lines for people and their log collectors. `write` gets one line with its newline; nobody passes it a token or an argument value. */
export function jsonLog(write: (line: string) => void, now: () => number): Log {
  const at =
    (level: Level) =>
    (event: string, fields?: Record<string, unknown>): void =>
      write(`${printableJson(JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...fields }))}\n`)
  return { info: at('info'), warn: at('warn'), error: at('error') }
}
