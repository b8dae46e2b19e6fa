import type { MonotonicClock } from '../../operator/kit/clock.ts'

/** A clock that stands still until the test moves it. Its two times can be moved apart. */
export class ManualClock implements MonotonicClock {
  #now = Date.UTC(2026, 0, 1)
  #elapsed = 1_000_000
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>()

  now = (): number => this.#now
  elapsed = (): number => this.#elapsed

  after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#elapsed + ms, run }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** How long until each timer that is set. */
  get pending(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#elapsed).toSorted((a, b) => a - b)
  }

  advance(ms: number): void {
    const end = this.#elapsed + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#move(due.at)
      due.run()
    }
    this.#move(end)
  }

  /** Moves the clock on the wall alone, as a person who sets it does, or a machine that was suspended. */
  setWall(ms: number): void {
    this.#now += ms
  }

  #move(to: number): void {
    const by = Math.max(0, to - this.#elapsed)
    this.#elapsed += by
    this.#now += by
  }
}

/** Waits until it holds; the limit is that of the test. With a clock, that goes on while we wait. */
export async function until(holds: () => boolean, clock?: ManualClock, step = 50): Promise<void> {
  while (!holds()) {
    await new Promise(resolve => setTimeout(resolve, 2))
    if (!holds()) clock?.advance(step)
  }
}
