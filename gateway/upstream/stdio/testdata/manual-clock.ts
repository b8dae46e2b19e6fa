import type { Clock } from '../clock.ts'

/** A clock that stands still until the test moves it. */
export type ManualClock = Clock & { advance(ms: number): void }

/** All that a test made. */
export const clocks = new Set<ManualClock>()

export function manualClock(): ManualClock {
  let now = 1_000_000
  const timers = new Set<{ at: number; run: () => void }>()
  const clock: ManualClock = {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers.delete(due)
        now = Math.max(now, due.at)
        due.run()
      }
      now = end
    },
  }
  clocks.add(clock)
  return clock
}
