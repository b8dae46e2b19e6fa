import { ask, type Probe } from './probe.ts'

/** How a server is asked whether it is well. Times in milliseconds. */
export type HealthOptions = {
  readonly interval: number
  readonly timeout: number
  readonly failureThreshold: number
  /** How often a server is asked that has not answered yet, or is sick: a pod is as good as its server, and waits for nothing else. */
  readonly eager?: number
}

/** Node takes a longer time for a millisecond, and a shorter one would be an attack on the server. Milliseconds. */
const within = (time: number): number => Math.min(Math.max(time, 10), 2 ** 31 - 1)

/** Asks a server again and again. A server counts as well until the threshold of failures in a row is passed, and again after one success. */
export class Health {
  healthy = true
  #answered = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Timeout | undefined
  /** Ends the question on its way without a verdict. */
  #drop: (() => void) | undefined
  readonly #probe: Probe
  readonly #options: HealthOptions
  readonly #changed: (healthy: boolean) => void

  constructor(probe: Probe, options: HealthOptions, changed: (healthy: boolean) => void) {
    this.#probe = probe
    this.#options = options
    this.#changed = changed
  }

  /** May clients come? A server that is asked eagerly has to have answered first. */
  get ready(): boolean {
    return this.healthy && (this.#answered || this.#options.eager === undefined)
  }

  start(): void {
    this.#ask()
    this.#timer = setInterval(() => this.#ask(), within(this.#options.interval)).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    this.#drop?.()
    this.#drop = undefined
  }

  /** One question at a time: a server that does not answer must not gather them. */
  #ask(): void {
    if (this.#drop) return
    clearTimeout(this.#soon)
    let over = false
    const drop = ask(this.#probe, within(this.#options.timeout), reaction => {
      over = true
      this.#drop = undefined
      this.#record(reaction === 'well')
    })
    if (!over) this.#drop = drop
  }

  #record(well: boolean): void {
    this.#failures = well ? 0 : this.#failures + 1
    this.#answered ||= well
    const { eager, failureThreshold } = this.#options
    const healthy = this.#failures < failureThreshold
    if (eager !== undefined && !well) this.#soon = setTimeout(() => this.#ask(), within(eager)).unref()
    if (healthy === this.healthy) return
    this.healthy = healthy
    this.#changed(healthy)
  }
}
