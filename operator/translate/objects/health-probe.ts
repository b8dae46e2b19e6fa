import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { milliseconds } from '../../../gateway/config/kit.ts'
import { defaultHealthCheck } from '../../../gateway/config/servers.ts'

/** Seconds that a server may take until its health path answers for the first time. */
const startSeconds = 300

const seconds = (duration: string, most: number): number =>
  Math.min(most, Math.max(1, Math.ceil(milliseconds(duration) / 1000)))

/**
 * Probes of the server's container, for a server with a health path: one that hangs is started again, which its gateway could not do. They name
 * the server as its gateway does, since many servers refuse a Host that they do not know. The kubelet asks from the node itself, which
 * NetworkPolicies let through.
 */
export function healthProbes({ healthCheck, port = 8080 }: MCPServerSpec): object {
  if (healthCheck?.path === undefined) return {}
  const { path } = healthCheck
  const {
    interval = defaultHealthCheck.interval,
    timeout = defaultHealthCheck.timeout,
    failureThreshold = defaultHealthCheck.failureThreshold,
  } = healthCheck
  const httpGet = { path, port, httpHeaders: [{ name: 'Host', value: `127.0.0.1:${port}` }] }
  const timeoutSeconds = seconds(timeout, 600)
  return {
    startupProbe: { httpGet, periodSeconds: 2, timeoutSeconds, failureThreshold: startSeconds / 2 },
    livenessProbe: { httpGet, periodSeconds: seconds(interval, 3600), timeoutSeconds, failureThreshold },
  }
}
