/** Counts by label values; the key is the label values joined by NUL. */
class Counts {
  readonly values = new Map<string, number>()

  add(key: string, by = 1): void {
    this.values.set(key, (this.values.get(key) ?? 0) + by)
  }
}

/** Upper bounds in seconds: from a policy decision alone to the longest tool. */
export const durationBuckets: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
]

/** A histogram as plain numbers: counts per bucket (not cumulative), one more for +Inf, and the sum in seconds. */
export class Durations {
  readonly counts = new Uint32Array(durationBuckets.length + 1)
  sum = 0

  observe(seconds: number): void {
    let at = 0
    while (at < durationBuckets.length && seconds > durationBuckets[at]!) at += 1
    this.counts[at]! += 1
    this.sum += seconds
  }
}

const nul = '\0'

/**
 * Own counters, because a call costs 2 µs in the usual client library and 0.04 here; `exposition.ts` shows them through that library's registry
 * when it is scraped.
 */
export class Metrics {
  readonly requests = new Counts()
  readonly decisions = new Counts()
  readonly findings = new Counts()
  readonly reloads = new Counts()
  readonly dropped = new Counts()
  readonly durations = new Map<string, Durations>()

  /** A call is over: what the client got, and after how many milliseconds. */
  request(server: string, status: number, milliseconds: number): void {
    this.requests.add(server + nul + status)
    let durations = this.durations.get(server)
    if (!durations) this.durations.set(server, (durations = new Durations()))
    durations.observe(milliseconds / 1000)
  }

  /** The gateway let a message through (`Allowed`) or refused it (the error code). */
  decision(server: string, code: string): void {
    this.decisions.add(server + nul + code)
  }

  finding(server: string, labels: readonly [detector: string, rule: string, mode: string, policy: string]): void {
    this.findings.add([server, ...labels].join(nul))
  }

  /** What became of a configuration that was read; `withdrawn`: the operator took keys back ahead of it. */
  reload(result: 'applied' | 'unchanged' | 'refused' | 'withdrawn'): void {
    this.reloads.add(result)
  }

  /** Lines of a child, audit lines, or events that were dropped and not forwarded. */
  drop(what: string): void {
    this.dropped.add(what)
  }
}
