import { openChannel } from './channel.ts'
import type { ChildChannel } from './channel.ts'
import type { Launcher } from './launch.ts'

const FIRST_DELAY = 200
const LONGEST_DELAY = 30_000
/** A process that lived this long is no part of a crash loop. */
const STABLE = 10_000

type PooledProcess = { channel: ChildChannel | undefined; startedAt: number; deaths: number; notBefore: number }

/** The processes of a modern server: one for each principal, started when needed and after a death not at once for ever. */
export type Pool = {
  /** The principal's process; `busy` when there may be no more, `backoff` when it died too often of late. */
  take(owner: string): ChildChannel | 'busy' | 'backoff'
  close(): void
}

export function modernPool(host: Launcher): Pool {
  const { clock } = host.options
  const entries = new Map<string, PooledProcess>()

  const died = (entry: PooledProcess): void => {
    const now = clock.now()
    entry.deaths = now - entry.startedAt >= STABLE ? 1 : entry.deaths + 1
    // The first restart is free: a single crash should cost only the calls in flight.
    const delay = entry.deaths === 1 ? 0 : Math.min(FIRST_DELAY * 2 ** (entry.deaths - 2), LONGEST_DELAY)
    entry.notBefore = now + delay
  }

  return {
    take(owner) {
      const entry = entries.get(owner) ?? { channel: undefined, startedAt: 0, deaths: 0, notBefore: 0 }
      if (entry.channel !== undefined) return entry.channel
      if (clock.now() < entry.notBefore) return 'backoff'
      const channel = openChannel(host, owner, wasDeath => {
        entry.channel = undefined
        if (wasDeath) died(entry)
        else entries.delete(owner)
      })
      if (channel === undefined) return 'busy'
      entry.channel = channel
      entry.startedAt = clock.now()
      entries.set(owner, entry)
      return channel
    },
    close() {
      for (const { channel } of entries.values()) channel?.stop()
    },
  }
}
