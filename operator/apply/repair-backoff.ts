import type { MonotonicClock } from '../kit/clock.ts'

/** What is known of an entry that others put into an object. Milliseconds. */
type PathBackoff = { readonly at: number; readonly wait: number }
type ObjectBackoff = {
  readonly entries: ReadonlyMap<string, PathBackoff>
  readonly since: number
  readonly count: number
}

const second = 1000
/** An entry that is added again to the very write that removes it (by admission) is left alone for so long. */
const recurringWait = 600_000
const maxWait = 3_600_000
/** Repairs of one object within ten minutes, whatever they are of. */
const maxRepairs = 100
/** Users choose the names of entries, so only so many are told apart. */
const maxEntries = 256

/**
 * Decides when an object may be repaired. A foreign entry is removed at once. If it comes back, the wait doubles each time; an entry that is back in the
 * answer to its own removal is left alone for ten minutes, then longer. A new operator starts without this history, and repairs once.
 */
export class RepairBackoff {
  readonly #clock: MonotonicClock
  readonly #objects = new Map<string, ObjectBackoff>()

  constructor(clock: MonotonicClock) {
    this.#clock = clock
  }

  /** Milliseconds until one of these entries may be removed; 0 when it may now. */
  delay(object: string, paths: readonly string[]): number {
    const tries = this.#objects.get(object)
    if (!tries) return 0
    const now = this.#clock.elapsed()
    if (tries.count >= maxRepairs && now - tries.since < recurringWait) return tries.since + recurringWait - now
    const rests = paths.slice(0, maxEntries).map(path => {
      const entry = tries.entries.get(path)
      return entry ? Math.max(0, entry.at + entry.wait - now) : 0
    })
    return Math.min(...rests)
  }

  /** These entries were to be removed; those are there afterwards. */
  record(object: string, paths: readonly string[], left: readonly string[]): void {
    const now = this.#clock.elapsed()
    const before = this.#objects.get(object)
    const remain = new Set(left.slice(0, maxEntries))
    const entries = new Map([...(before?.entries ?? [])].filter(([, { at, wait }]) => now - at < wait + recurringWait))
    for (const path of new Set([...paths.slice(0, maxEntries), ...remain])) {
      const last = entries.get(path)?.wait ?? 0
      const wait = remain.has(path)
        ? Math.min(maxWait, Math.max(recurringWait, last * 2))
        : Math.min(recurringWait, Math.max(second, last * 2))
      entries.delete(path)
      entries.set(path, { at: now, wait })
    }
    for (const path of entries.keys()) {
      if (entries.size <= maxEntries) break
      entries.delete(path)
    }
    const isLater = !before || now - before.since >= recurringWait
    this.#objects.set(object, { entries, since: isLater ? now : before.since, count: isLater ? 1 : before.count + 1 })
  }

  forget(object: string): void {
    this.#objects.delete(object)
  }
}
