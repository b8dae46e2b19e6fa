import { milliseconds } from '../config/kit.ts'
import { defaultHealthCheck, type HealthCheck, type Server } from '../config/servers.ts'
import { pathProbe, pingProbe } from './probe.ts'
import { ServerHealth, type HealthOptions } from './server-health.ts'
import { httpUpstream } from '../upstream/http.ts'
import type { UpstreamRegistry } from '../upstream/server-upstream.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** A server of this pod is asked so often while it has not answered, and until it is well again. Milliseconds. */
const eager = 500

/** Without a word about health, the server of this pod is asked all the same: its pod is ready only when it answers. */
const podCheck: HealthCheck = { interval: '10s' }

const isOfThisPod = ({ upstream }: Server): boolean => upstream.http?.pod === true

const optionsOf = (healthCheck: HealthCheck, server: Server): HealthOptions => {
  const { interval, timeout, failureThreshold } = healthCheck
  return {
    interval: milliseconds(interval ?? defaultHealthCheck.interval),
    timeout: milliseconds(timeout ?? defaultHealthCheck.timeout),
    failureThreshold: failureThreshold ?? defaultHealthCheck.failureThreshold,
    ...(isOfThisPod(server) ? { eager } : {}),
  }
}

/** The address of a path at a server. Set, not resolved: a path that begins with two slashes would name another host. */
export function addressOf(server: string, path: string): string {
  const address = new URL(server)
  const query = path.indexOf('?')
  address.pathname = query < 0 ? path : path.slice(0, query)
  address.search = query < 0 ? '' : path.slice(query)
  return address.href
}

type Kept = { readonly health: ServerHealth; readonly own: Upstream | undefined }

const closeProbe = ({ health, own }: Kept): void => {
  health.stop()
  void own?.close().catch(() => undefined)
}

/** What is known of the servers' health outlives configurations: a policy edit must not make a sick server well. */
export class HealthRegistry {
  readonly #upstreams: UpstreamRegistry
  readonly #changed: (server: string, healthy: boolean) => void
  #kept = new Map<string, Kept>()
  #used = new Map<string, Kept>()

  constructor(upstreams: UpstreamRegistry, changed: (server: string, healthy: boolean) => void) {
    this.#upstreams = upstreams
    this.#changed = changed
  }

  /**
   * A server is asked when its object says so or when it runs in this pod, and not while it is stopped; a path is asked at the address of the
   * server.
   */
  get(server: Server, networks: readonly string[]): ServerHealth | undefined {
    const { name, upstream } = server
    const healthCheck = server.healthCheck ?? (isOfThisPod(server) ? podCheck : undefined)
    if (!healthCheck || server.stopped === true || server.refused !== undefined) return undefined
    const key = JSON.stringify([name, healthCheck, upstream, networks])
    const found = this.#used.get(key) ?? this.#kept.get(key) ?? this.#make(server, healthCheck, networks)
    this.#used.set(key, found)
    return found.health
  }

  commit(): void {
    for (const [key, kept] of this.#kept) if (!this.#used.has(key)) closeProbe(kept)
    for (const [key, { health }] of this.#used) if (!this.#kept.has(key)) health.start()
    this.#kept = this.#used
    this.#used = new Map()
  }

  rollback(): void {
    for (const [key, made] of this.#used) if (!this.#kept.has(key)) closeProbe(made)
    this.#used = new Map()
  }

  close(): void {
    for (const kept of this.#kept.values()) closeProbe(kept)
  }

  #make(server: Server, healthCheck: HealthCheck, networks: readonly string[]): Kept {
    const { http } = server.upstream
    const changed = (healthy: boolean): void => this.#changed(server.name, healthy)
    if (healthCheck.path === undefined || !http) {
      const probe = pingProbe(this.#upstreams.get(server, networks))
      return { health: new ServerHealth(probe, optionsOf(healthCheck, server), changed), own: undefined }
    }
    const own = httpUpstream(addressOf(http.url, healthCheck.path), this.#upstreams.judgeOf(http, networks))
    return { health: new ServerHealth(pathProbe(own), optionsOf(healthCheck, server), changed), own }
  }
}
