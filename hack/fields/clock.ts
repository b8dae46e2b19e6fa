type Timer = {
  readonly run: () => void
  readonly every: number | undefined
  at: number
  unref(): Timer
  ref(): Timer
  refresh(): Timer
  hasRef(): boolean
}

/** Everything in the repository that waits shorter than this waits for real: sockets, not policies. */
const shortest = 100

/** Time that passes only when it is told to. */
export type PlayedClock = {
  /** Runs what became due, in order. */
  advance(milliseconds: number): void
  /** Gives the real timers back. */
  release(): void
}

const real = { setTimeout, setInterval, clearTimeout, clearInterval }

/** Takes over the timers of this process: what waits 100 ms or longer waits for `advance`. */
export function playClock(): PlayedClock {
  let now = 0
  const timers = new Set<Timer>()
  const add = (run: () => void, delay: number, every: number | undefined): Timer => {
    const timer: Timer = {
      run,
      every,
      at: now + delay,
      unref: () => timer,
      ref: () => timer,
      refresh: () => {
        timer.at = now + delay
        timers.add(timer)
        return timer
      },
      hasRef: () => false,
    }
    timers.add(timer)
    return timer
  }
  const drop = (timer: unknown, otherwise: (timer: never) => void): void => {
    if (!timers.delete(timer as Timer)) otherwise(timer as never)
  }
  const next = (until: number): Timer | undefined =>
    [...timers].filter(timer => timer.at <= until).sort((a, b) => a.at - b.at)[0]
  Object.assign(globalThis, {
    setTimeout: Object.assign(
      (run: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) =>
        delay < shortest ? real.setTimeout(run, delay, ...args) : add(() => run(...args), delay, undefined),
      { __promisify__: real.setTimeout.__promisify__ },
    ),
    setInterval: (run: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) =>
      delay < shortest ? real.setInterval(run, delay, ...args) : add(() => run(...args), delay, delay),
    clearTimeout: (timer: unknown) => drop(timer, real.clearTimeout),
    clearInterval: (timer: unknown) => drop(timer, real.clearInterval),
  })
  return {
    advance(milliseconds) {
      const until = now + milliseconds
      for (let timer = next(until); timer; timer = next(until)) {
        now = timer.at
        if (timer.every === undefined) timers.delete(timer)
        else timer.at += timer.every
        timer.run()
      }
      now = until
    },
    release: () => Object.assign(globalThis, real),
  }
}
