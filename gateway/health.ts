import type { Upstream, UpstreamCall } from './upstream/upstream.ts'
import type { Principal } from './exchange.ts'

/** How a server is asked whether it is well. Times in milliseconds. */
export type HealthOptions = { readonly interval: number; readonly timeout: number; readonly failureThreshold: number }

export type Probe = {
  readonly upstream: Upstream
  readonly request: Parameters<Upstream['open']>[0]
  wellStatus(status: number): boolean
}

/** The principal of the gateway's own questions. It holds no grants: nothing that it sends passes the policy chain. */
export const prober: Principal = {
  provider: 'operator',
  subject: 'system:operator',
  grants: {
    expiresAt: Number.POSITIVE_INFINITY,
    allowsScope: () => false,
    allowsServer: () => false,
    allowsTool: () => false,
  },
}

const ping = Buffer.from('{"jsonrpc":"2.0","id":"bartizan-health","method":"ping"}')

/** HTTP path: 2xx and 3xx are well. */
export const pathProbe = (upstream: Upstream): Probe => ({
  upstream,
  request: { method: 'GET', headers: { accept: '*/*' }, messages: [], principal: prober },
  wellStatus: status => status >= 200 && status < 400,
})

/** No path: an MCP ping. A server that refuses it without a session is there, too; only silence and 5xx are not. */
export const pingProbe = (upstream: Upstream): Probe => ({
  upstream,
  request: {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: ping,
    messages: [{ bytes: ping, shape: 'request', id: '"bartizan-health"', method: 'ping', plain: true }],
    principal: prober,
  },
  wellStatus: status => status < 500,
})

/** Node takes a longer time for a millisecond, and a shorter one would be an attack on the server. Milliseconds. */
const within = (time: number): number => Math.min(Math.max(time, 10), 2 ** 31 - 1)

/** Asks a server again and again. A server counts as well until the threshold of failures in a row is passed, and again after one success. */
export class Health {
  healthy = true
  #failures = 0
  #timer: NodeJS.Timeout | undefined
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

  start(): void {
    this.#ask()
    this.#timer = setInterval(() => this.#ask(), within(this.#options.interval)).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#drop?.()
  }

  /** One question at a time: a server that does not answer must not gather them. */
  #ask(): void {
    if (this.#drop) return
    let call: UpstreamCall | undefined
    let over = false
    const drop = (): void => {
      over = true
      clearTimeout(timer)
      this.#drop = undefined
      call?.cancel()
    }
    const finish = (well: boolean): void => {
      if (over) return
      drop()
      this.#record(well)
    }
    this.#drop = drop
    const timer = setTimeout(() => finish(false), within(this.#options.timeout)).unref()
    call = this.#probe.upstream.open(this.#probe.request, {
      head: status => queueMicrotask(() => finish(this.#probe.wellStatus(status))),
      data: () => undefined,
      end: () => undefined,
      fail: () => finish(false),
    })
  }

  #record(well: boolean): void {
    this.#failures = well ? 0 : this.#failures + 1
    const healthy = this.#failures < this.#options.failureThreshold
    if (healthy === this.healthy) return
    this.healthy = healthy
    this.#changed(healthy)
  }
}
