import { ask, pingProbe, type Reaction } from '../health/probe.ts'
import type { ServerRuntime } from '../runtime/runtime.ts'

/** Time between two questions, and for an answer. A server that is asked so often and says nothing is stuck. Milliseconds. */
const pause = 200
const patience = 2_000
const enough = 2

/** How the server of this pod stands while it is drained: whether it hangs, is gone, and whether another has taken its place. */
class One {
  silent = false
  gone = false
  returned = false
  #silences = 0
  #drop: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined
  readonly #server: ServerRuntime

  constructor(server: ServerRuntime) {
    this.#server = server
    this.#ask()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#drop()
  }

  #ask(): void {
    this.#drop = ask(pingProbe(this.#server.upstream), patience, reaction => this.#heard(reaction))
  }

  #heard(reaction: Reaction): void {
    this.#silences = reaction === 'silent' ? this.#silences + 1 : 0
    this.silent ||= this.#silences >= enough
    this.gone ||= reaction === 'closed'
    this.returned ||= this.gone && (reaction === 'well' || reaction === 'ill')
    this.#timer = setTimeout(() => this.#ask(), pause).unref()
  }
}

/** The servers of this pod together. Those elsewhere end and come back on their own, so they say nothing about this pod. */
export class Standing {
  readonly #all: readonly One[]

  constructor(servers: readonly ServerRuntime[]) {
    this.#all = servers.filter(({ pod }) => pod).map(server => new One(server))
  }

  get silent(): boolean {
    return this.#all.some(({ silent }) => silent)
  }

  /** The port is or was closed. */
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
