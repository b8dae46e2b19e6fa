import type { Server, Upstream as UpstreamConfig } from '../config/servers.ts'
import { addressJudge, podJudge, type AddressJudge } from './address.ts'
import { httpUpstream } from './http.ts'
import type { Upstream } from './upstream.ts'

type Stdio = NonNullable<UpstreamConfig['stdio']>

/** Makes the upstreams of stdio servers. */
export type StdioFactory = {
  make(server: string, stdio: Stdio): Upstream
  /** Changes with the contents of the secrets that the configuration only names: a rotated secret needs new children. */
  fingerprint(stdio: Stdio): string
}

/** How long calls in flight may go on using an upstream that the newest configuration no longer has. */
const graceMilliseconds = 300_000

/** Upstreams outlive configurations: a policy edit neither closes connections nor ends the sessions of a child process. */
export class Upstreams {
  readonly #stdio: StdioFactory
  #kept = new Map<string, Upstream>()
  #used = new Map<string, Upstream>()

  constructor(stdio: StdioFactory) {
    this.#stdio = stdio
  }

  judgeOf(http: NonNullable<UpstreamConfig['http']>, networks: readonly string[]): AddressJudge {
    return http.pod === true ? podJudge : addressJudge(networks)
  }

  /** The upstream of a server: the one that runs already, when nothing about it has changed. */
  get(server: Server, networks: readonly string[]): Upstream {
    const key = this.#key(server, networks)
    const found = this.#used.get(key) ?? this.#kept.get(key) ?? this.#make(server, networks)
    this.#used.set(key, found)
    return found
  }

  /** False when a server needs another upstream than the one that runs. */
  fits(server: Server, networks: readonly string[]): boolean {
    return this.#kept.has(this.#key(server, networks))
  }

  /** The configuration that asked for upstreams is in force: those that it did not ask for are closed, after their calls. */
  commit(): void {
    for (const [key, upstream] of this.#kept) {
      if (this.#used.has(key)) continue
      setTimeout(() => void upstream.close().catch(() => undefined), graceMilliseconds).unref()
    }
    this.#kept = this.#used
    this.#used = new Map()
  }

  /** It was refused: what was made for it alone is closed. */
  rollback(): void {
    for (const [key, upstream] of this.#used) if (!this.#kept.has(key)) void upstream.close().catch(() => undefined)
    this.#used = new Map()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(upstream => upstream.close()))
  }

  #key({ name, upstream }: Server, networks: readonly string[]): string {
    const secrets = upstream.stdio ? this.#stdio.fingerprint(upstream.stdio) : ''
    return JSON.stringify([name, upstream, networks, secrets])
  }

  #make({ name, upstream: { http, stdio } }: Server, networks: readonly string[]): Upstream {
    return http ? httpUpstream(http.url, this.judgeOf(http, networks)) : this.#stdio.make(name, stdio!)
  }
}
