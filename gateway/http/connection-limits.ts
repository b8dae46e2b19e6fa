import { getHeapStatistics } from 'node:v8'
import type { ConnectionLimits } from './connections.ts'

/** What a connection costs at most, with a head, an open answer and what Node and OpenSSL keep for them (measured: decision 45). Bytes. */
const perConnection = { plain: 45_000, tls: 120_000 }

/** Of the memory limit, old space is that part (gateway/config/flags.ts). */
const oldSpacePart = 0.6

/** The memory that this process may use: what its container may, or what the flags of V8 were made from. Bytes. */
function memoryLimit(): number {
  const byFlags = getHeapStatistics().heap_size_limit / oldSpacePart
  const byContainer = process.constrainedMemory()
  return byContainer > 0 ? Math.min(byContainer, byFlags) : byFlags
}

/** As many connections as fit into half of the memory limit. */
export const defaultConnections = (over: 'plain' | 'tls'): number => Math.floor(memoryLimit() / 2 / perConnection[over])

/** In a pod all clients may come through one ingress; on a laptop one address is one machine. */
export const defaultPerIp = (pod: boolean): number => (pod ? Infinity : 256)

/**
 * Ports for probes, status, drain and metrics: a kubelet, an operator and a scraper need few. The server in the same pod has four addresses at most:
 * loopback and that of the pod, in both families. Together they take no place that another needs.
 */
export const pageConnections: ConnectionLimits = { most: 128, mostPerIp: 24 }
