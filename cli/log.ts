import { jsonLog } from '../gateway/observe/log.ts'
import type { Log } from '../gateway/options.ts'
import { printable } from '../gateway/config/printable.ts'

const field = ([name, value]: [string, unknown]): string =>
  ` ${name}=${typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)}`

/** One line of text for each warning and error; what is only information is left to the JSON form. */
function textLog(write: (line: string) => void, now: () => number): Log {
  const at =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}): void => {
      const time = new Date(now()).toTimeString().slice(0, 8)
      write(`${printable(`${time} ${level}: ${event}${Object.entries(fields).map(field).join('')}`)}\n`)
    }
  return { info: () => undefined, warn: at('warning'), error: at('error') }
}

/** The log of `bartizan run`: text for a person at a terminal, or JSON lines for a collector. */
export const runLog = (json: boolean, write: (line: string) => void, now: () => number): Log =>
  json ? jsonLog(write, now) : textLog(write, now)
