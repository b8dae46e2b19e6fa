import { errors } from '../errors.ts'
import type { Principal } from '../exchange.ts'
import type { Upstream, UpstreamCall } from '../upstream/upstream.ts'

/** A request of the gateway's own, by which it finds out whether a server answers. */
export type HealthProbe = {
  readonly upstream: Upstream
  readonly request: Parameters<Upstream['open']>[0]
  isHealthyStatus(status: number): boolean
}

/** `closed`: nothing listens there. `broken`: the connection ended without an answer. `silent`: no answer in time. */
export type ProbeResult = 'healthy' | 'unhealthy' | 'closed' | 'broken' | 'silent'

/** The principal of probes. It holds no grants: nothing that it sends passes the policy chain. */
export const probePrincipal: Principal = {
  provider: 'operator',
  subject: 'system:operator',
  id: 'operator',
  grants: {
    expiresAt: Number.POSITIVE_INFINITY,
    allowsScope: () => false,
    allowsServer: () => false,
    allowsTool: () => false,
  },
}

const ping = Buffer.from('{"jsonrpc":"2.0","id":"bartizan-health","method":"ping"}')

/** Asks for an HTTP path: 2xx and 3xx are healthy. */
export const pathProbe = (upstream: Upstream): HealthProbe => ({
  upstream,
  request: { method: 'GET', headers: { accept: '*/*' }, messages: [], principal: probePrincipal },
  isHealthyStatus: status => status >= 200 && status < 400,
})

/** Sends an MCP ping. A server that refuses it because there is no session is healthy, too; silence and 5xx are not. */
export const pingProbe = (upstream: Upstream): HealthProbe => ({
  upstream,
  request: {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: ping,
    messages: [{ bytes: ping, shape: 'request', id: '"bartizan-health"', method: 'ping', plain: true }],
    principal: probePrincipal,
  },
  isHealthyStatus: status => status < 500,
})

/**
 * Probes once. The head of an answer is enough; then the call is cancelled.
 *
 * @param timeout in milliseconds
 * @param done is called once with the result
 * @returns cancels the probe; then `done` is not called
 */
export function runProbe(probe: HealthProbe, timeout: number, done: (result: ProbeResult) => void): () => void {
  let call: UpstreamCall | undefined
  let over = false
  const cancel = (): void => {
    over = true
    clearTimeout(timer)
    call?.cancel()
  }
  const finish = (result: ProbeResult): void => {
    if (over) return
    cancel()
    done(result)
  }
  const timer = setTimeout(() => finish('silent'), timeout).unref()
  call = probe.upstream.open(probe.request, {
    head: status => queueMicrotask(() => finish(probe.isHealthyStatus(status) ? 'healthy' : 'unhealthy')),
    data: () => undefined,
    end: () => undefined,
    refuse: ({ code }) => finish(probe.isHealthyStatus(errors[code].http) ? 'healthy' : 'unhealthy'),
    fail: (_, detail) => finish(detail.includes('ECONNREFUSED') ? 'closed' : 'broken'),
  })
  // The upstream failed before there was a call to cancel.
  if (over) call.cancel()
  return cancel
}
