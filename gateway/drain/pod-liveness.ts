import { runProbe, pingProbe, type ProbeResult } from '../health/probe.ts'
import type { ServerRuntime } from '../runtime/runtime.ts'

/** Time between two probes, and for an answer; and how many probes without an answer mean that the server hangs. Milliseconds. */
const probeInterval = 200
const probeTimeout = 2_000
const silencesUntilHung = 2

/** Whether the server of this pod hangs, has ended, or was started again while it is drained. */
class ServerLiveness {
  silent = false
  gone = false
  returned = false
  #silences = 0
  #cancel: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  readonly #server: ServerRuntime

  constructor(server: ServerRuntime) {
    this.#server = server
    this.#probe()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#cancel()
  }

  #probe(): void {
    this.#cancel = runProbe(pingProbe(this.#server.upstream), probeTimeout, result => this.#record(result))
  }

  #record(result: ProbeResult): void {
    this.#silences = result === 'silent' ? this.#silences + 1 : 0
    this.silent ||= this.#silences >= silencesUntilHung
    this.gone ||= result === 'closed'
    this.returned ||= this.gone && (result === 'healthy' || result === 'unhealthy')
    this.#timer = setTimeout(() => this.#probe(), probeInterval).unref()
  }
}

/** The servers of this pod together. Servers elsewhere end and start on their own, which says nothing about this pod. */
export class PodLiveness {
  readonly #all: readonly ServerLiveness[]

  constructor(servers: readonly ServerRuntime[]) {
    this.#all = servers.filter(({ pod }) => pod).map(server => new ServerLiveness(server))
  }

  get silent(): boolean {
    return this.#all.some(({ silent }) => silent)
  }

  /** A port is or was closed. */
  get gone(): boolean {
    return this.#all.some(({ gone }) => gone)
  }

  /** And is open again. */
  get returned(): boolean {
    return this.#all.some(({ returned }) => returned)
  }

  stop(): void {
    for (const one of this.#all) one.stop()
  }
}
