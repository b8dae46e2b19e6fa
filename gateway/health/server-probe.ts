import { milliseconds } from '../config/kit.ts'
import { defaultHealthCheck, type HealthCheck, type Server } from '../config/servers.ts'
import type { HealthOptions } from './server-health.ts'

/** How often a server of this pod is probed while it has not answered, and until it is healthy again. Milliseconds. */
const eager = 500

/** The server of this pod is probed without a health check of its own, too: its pod is ready only when it answers. */
const podCheck: HealthCheck = { interval: '10s' }

const isOfThisPod = ({ upstream }: Server): boolean => upstream.http?.pod === true

/** A server is probed when its object says so or when it runs in this pod, and not while it takes no calls. */
export function healthCheckOf(server: Server): HealthCheck | undefined {
  if (server.stopped === true || server.refused !== undefined) return undefined
  return server.healthCheck ?? (isOfThisPod(server) ? podCheck : undefined)
}

export function healthOptions(healthCheck: HealthCheck, server: Server): HealthOptions {
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
