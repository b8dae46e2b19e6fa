import type { Server, Upstream as UpstreamConfig } from '../config/servers.ts'
import { addressJudge, podJudge, type AddressJudge } from './address.ts'
import { httpUpstream } from './http.ts'
import type { Upstream } from './upstream.ts'

/** Makes the upstream of a stdio server; the bridge is loaded only where it is needed. */
export type StdioFactory = (server: string, stdio: NonNullable<UpstreamConfig['stdio']>) => Upstream

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
  get({ name, upstream }: Server, networks: readonly string[]): Upstream {
    const key = JSON.stringify([name, upstream, networks])
    let found = this.#used.get(key) ?? this.#kept.get(key)
    if (!found) {
      const { http, stdio } = upstream
      found = http ? httpUpstream(http.url, this.judgeOf(http, networks)) : this.#stdio(name, stdio!)
    }
    this.#used.set(key, found)
    return found
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
}
