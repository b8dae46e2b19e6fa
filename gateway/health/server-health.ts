import { runProbe, type HealthProbe } from './probe.ts'

/** How a server is probed. Times in milliseconds. */
export type HealthOptions = {
  readonly interval: number
  readonly timeout: number
  readonly failureThreshold: number
  /** How often a server is probed that has not answered yet, or is unhealthy. Set for the server of this pod, which is ready only with it. */
  readonly eager?: number
}

/** Node takes a longer time for a millisecond, and a shorter one would be an attack on the server. Milliseconds. */
const clampedInterval = (time: number): number => Math.min(Math.max(time, 10), 2 ** 31 - 1)

/** Probes a server periodically. It is healthy until as many probes in a row as the threshold have failed, and healthy again after one success. */
export class ServerHealth {
  healthy = true
  #answered = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  /** Cancels the probe that is under way, whose result is not recorded. */
  #cancel: (() => void) | undefined
  readonly #probe: HealthProbe
  readonly #options: HealthOptions
  readonly #changed: (healthy: boolean) => void

  constructor(probe: HealthProbe, options: HealthOptions, changed: (healthy: boolean) => void) {
    this.#probe = probe
    this.#options = options
    this.#changed = changed
  }

  /** Whether clients may come. A server that is probed eagerly has to have answered first. */
  get ready(): boolean {
    return this.healthy && (this.#answered || this.#options.eager === undefined)
  }

  start(): void {
    this.#runProbe()
    this.#timer = setInterval(() => this.#runProbe(), clampedInterval(this.#options.interval)).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#retryTimer)
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** One probe at a time: they must not pile up at a server that does not answer. */
  #runProbe(): void {
    if (this.#cancel) return
    clearTimeout(this.#retryTimer)
    let over = false
    const cancel = runProbe(this.#probe, clampedInterval(this.#options.timeout), result => {
      over = true
      this.#cancel = undefined
      this.#record(result === 'healthy')
    })
    if (!over) this.#cancel = cancel
  }

  #record(succeeded: boolean): void {
    this.#failures = succeeded ? 0 : this.#failures + 1
    this.#answered ||= succeeded
    const { eager, failureThreshold } = this.#options
    const healthy = this.#failures < failureThreshold
    if (eager !== undefined && !succeeded)
      this.#retryTimer = setTimeout(() => this.#runProbe(), clampedInterval(eager)).unref()
    if (healthy === this.healthy) return
    this.healthy = healthy
    this.#changed(healthy)
  }
}
