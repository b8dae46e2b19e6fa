import { errors } from '../errors.ts'
import type { Principal } from '../exchange.ts'
import type { Upstream, UpstreamCall } from '../upstream/upstream.ts'

/** One question of the gateway's own to a server. */
export type HealthProbe = {
  readonly upstream: Upstream
  readonly request: Parameters<Upstream['open']>[0]
  isHealthyStatus(status: number): boolean
}

/** `closed`: nobody listens there. `broken`: the connection ended without an answer. `silent`: no answer in time. */
export type ProbeResult = 'well' | 'ill' | 'closed' | 'broken' | 'silent'

/** The principal of the gateway's own questions. It holds no grants: nothing that it sends passes the policy chain. */
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

/** HTTP path: 2xx and 3xx are well. */
export const pathProbe = (upstream: Upstream): HealthProbe => ({
  upstream,
  request: { method: 'GET', headers: { accept: '*/*' }, messages: [], principal: probePrincipal },
  isHealthyStatus: status => status >= 200 && status < 400,
})

/** No path: an MCP ping. A server that refuses it without a session is there, too; only silence and 5xx are not. */
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

/** Asks once. The head of an answer is enough; then the call is dropped.
 *
 * @param timeout in milliseconds
 * @param done hears the result once
 * @returns drops the question; then `done` hears nothing
 */
export function runProbe(probe: HealthProbe, timeout: number, done: (result: ProbeResult) => void): () => void {
  let call: UpstreamCall | undefined
  let over = false
  const drop = (): void => {
    over = true
    clearTimeout(timer)
    call?.cancel()
  }
  const finish = (result: ProbeResult): void => {
    if (over) return
    drop()
    done(result)
  }
  const timer = setTimeout(() => finish('silent'), timeout).unref()
  call = probe.upstream.open(probe.request, {
    head: status => queueMicrotask(() => finish(probe.isHealthyStatus(status) ? 'well' : 'ill')),
    data: () => undefined,
    end: () => undefined,
    refuse: ({ code }) => finish(probe.isHealthyStatus(errors[code].http) ? 'well' : 'ill'),
    fail: (_, detail) => finish(detail.includes('ECONNREFUSED') ? 'closed' : 'broken'),
  })
  // A server that failed before there was a call to drop.
  if (over) call.cancel()
  return drop
}
