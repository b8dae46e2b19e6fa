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

/** What stands in for a server that takes no calls: it starts nothing. The pipeline has refused every call before. */
const inactiveUpstream: Upstream = {
  open(_, sink) {
    sink.fail('UpstreamUnreachable', 'the server is stopped or refused')
    return { cancel() {}, pause() {}, resume() {} }
  },
  tell: () => undefined,
  close: () => Promise.resolve(),
}

const takesCalls = ({ stopped, refused }: Server): boolean => stopped !== true && refused === undefined

type Leaving = { readonly server: string; now(): Promise<void> }
type Kept = { readonly server: string; readonly upstream: Upstream }

/** Upstreams outlive configurations: a policy edit neither closes connections nor ends the sessions of a child process. */
export class UpstreamRegistry {
  readonly #stdio: StdioFactory
  #kept = new Map<string, Kept>()
  #used = new Map<string, Kept>()
  /** Servers that the configuration in the making stopped or refuses. */
  #parked = new Set<string>()
  /** Upstreams that no configuration has any more, and how to end each of them now. */
  readonly #leaving = new Map<Upstream, Leaving>()

  constructor(stdio: StdioFactory) {
    this.#stdio = stdio
  }

  judgeOf(http: NonNullable<UpstreamConfig['http']>, networks: readonly string[]): AddressJudge {
    return http.pod === true ? podJudge : addressJudge(networks)
  }

  /** The upstream of a server: the one that runs already, when nothing about it has changed; none that runs while it takes no calls. */
  get(server: Server, networks: readonly string[]): Upstream {
    if (!takesCalls(server)) {
      this.#parked.add(server.name)
      return inactiveUpstream
    }
    const key = this.#key(server, networks)
    const found = this.#used.get(key) ?? this.#kept.get(key) ?? this.#make(server, networks)
    this.#used.set(key, found)
    return found.upstream
  }

  /** False when a server needs another upstream than the one that runs. */
  fits(server: Server, networks: readonly string[]): boolean {
    return !takesCalls(server) || this.#kept.has(this.#key(server, networks))
  }

  /**
   * The configuration that asked for upstreams is in force: those that it did not ask for are closed, after their calls. Those of a server that
   * was stopped or is refused are closed at once.
   */
  commit(): void {
    for (const [key, kept] of this.#kept) if (!this.#used.has(key)) this.#leave(kept, graceMilliseconds)
    for (const one of this.#leaving.values()) if (this.#parked.has(one.server)) void one.now()
    this.#kept = this.#used
    this.#forget()
  }

  /** It was refused: what was made for it alone is closed. */
  rollback(): void {
    for (const [key, made] of this.#used) if (!this.#kept.has(key)) this.#leave(made, 0)
    this.#forget()
  }

  /** Closes all, those that were waiting for their calls too: no child process is left behind. */
  async close(): Promise<void> {
    for (const kept of this.#kept.values()) this.#leave(kept, 0)
    this.#kept = new Map()
    await Promise.all([...this.#leaving.values()].map(one => one.now()))
  }

  #forget(): void {
    this.#used = new Map()
    this.#parked = new Set()
  }

  #leave({ server, upstream }: Kept, after: number): void {
    let ending: Promise<void> | undefined
    const now = (): Promise<void> => {
      clearTimeout(timer)
      ending ??= upstream
        .close()
        .catch(() => undefined)
        .finally(() => this.#leaving.delete(upstream))
      return ending
    }
    const timer = setTimeout(() => void now(), after).unref()
    this.#leaving.set(upstream, { server, now })
    if (after === 0) void now()
  }

  #key({ name, upstream }: Server, networks: readonly string[]): string {
    const secrets = upstream.stdio ? this.#stdio.fingerprint(upstream.stdio) : ''
    return JSON.stringify([name, upstream, networks, secrets])
  }

  #make({ name, upstream: { http, stdio } }: Server, networks: readonly string[]): Kept {
    const upstream = http ? httpUpstream(http.url, this.judgeOf(http, networks)) : this.#stdio.make(name, stdio!)
    return { server: name, upstream }
  }
}
