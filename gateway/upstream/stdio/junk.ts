import type { Log } from '../../options.ts'

/** What became of lines that were of no use. */
export type JunkCounts = {
  notMessages: number
  tooLong: number
  /** Messages without a recipient: answers without a request, notifications that belong to no call. */
  unexpected: number
  /** Messages for a server stream that was not opened in time. */
  unheard: number
}

export type Junk = {
  readonly counts: Readonly<JunkCounts>
  count(kind: keyof JunkCounts, detail: string): void
}

/** Counts dropped lines of a server, and logs the first, second, fourth and so on, so that a chatty server cannot fill the log. */
export function junkCounter(server: string, log: Log): Junk {
  const counts: JunkCounts = { notMessages: 0, tooLong: 0, unexpected: 0, unheard: 0 }
  return {
    counts,
    count(kind, detail) {
      const count = ++counts[kind]
      if (Number.isInteger(Math.log2(count))) log.warn('stdio.dropped', { server, kind, count, detail })
    },
  }
}
