/** Calls of one kind: what was sent, and what became of it. */
export type Tally = {
  sent: number
  answered: number
  /** The first few failures in words, the rest by number. */
  readonly lost: string[]
  lostInAll: number
}

export const tally = (): Tally => ({ sent: 0, answered: 0, lost: [], lostInAll: 0 })

/** Counts one call: it is answered when `call` resolves. */
export async function count(into: Tally, id: string, call: () => Promise<void>): Promise<void> {
  into.sent++
  try {
    await call()
    into.answered++
  } catch (error) {
    into.lostInAll++
    if (into.lost.length < 10) into.lost.push(`${id}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Long streams: how often they ended as they should, and how often they broke. */
export type Streams = { opened: number; ended: number; readonly broken: string[] }

export const streams = (): Streams => ({ opened: 0, ended: 0, broken: [] })
