import { runProbe, type HealthProbe } from './probe.ts'

/** How a server is asked whether it is well. Times in milliseconds. */
export type HealthOptions = {
  readonly interval: number
  readonly timeout: number
  readonly failureThreshold: number
  /** How often a server is asked that has not answered yet, or is sick: a pod is as good as its server, and waits for nothing else. */
  readonly eager?: number
}

/** Node takes a longer time for a millisecond, and a shorter one would be an attack on the server. Milliseconds. */
const clampedInterval = (time: number): number => Math.min(Math.max(time, 10), 2 ** 31 - 1)

/** Asks a server again and again. A server counts as well until the threshold of failures in a row is passed, and again after one success. */
export class ServerHealth {
  healthy = true
  #answered = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  /** Ends the question on its way without a verdict. */
  #cancel: (() => void) | undefined
  readonly #probe: HealthProbe
  readonly #options: HealthOptions
  readonly #changed: (healthy: boolean) => void

  constructor(probe: HealthProbe, options: HealthOptions, changed: (healthy: boolean) => void) {
    this.#probe = probe
    this.#options = options
    this.#changed = changed
  }

  /** May clients come? A server that is asked eagerly has to have answered first. */
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

  /** One question at a time: a server that does not answer must not gather them. */
  #runProbe(): void {
    if (this.#cancel) return
    clearTimeout(this.#retryTimer)
    let over = false
    const drop = runProbe(this.#probe, clampedInterval(this.#options.timeout), result => {
      over = true
      this.#cancel = undefined
      this.#record(result === 'well')
    })
    if (!over) this.#cancel = drop
  }

  #record(well: boolean): void {
    this.#failures = well ? 0 : this.#failures + 1
    this.#answered ||= well
    const { eager, failureThreshold } = this.#options
    const healthy = this.#failures < failureThreshold
    if (eager !== undefined && !well)
      this.#retryTimer = setTimeout(() => this.#runProbe(), clampedInterval(eager)).unref()
    if (healthy === this.healthy) return
    this.healthy = healthy
    this.#changed(healthy)
  }
}
