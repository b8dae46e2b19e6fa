import type { Authentications } from '../auth/index.ts'
import type { AuditLog } from '../observe/audit.ts'
import type { OpenCalls } from './open-calls.ts'
import type { CompiledChain } from '../evaluation/chain.ts'
import type { WaitingRequests } from '../evaluation/waiting-requests.ts'
import type { ReadLimits } from '../exchange.ts'
import type { GatewayConfig } from '../config/index.ts'
import type { CompiledTimeouts } from '../config/servers.ts'
import type { ServerHealth } from '../health/server-health.ts'
import type { Connections } from '../http/connections.ts'
import type { HeldBytes } from '../http/memory.ts'
import type { HostPolicy } from '../http/hosts.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Binder } from '../sessions/binder.ts'
import type { Sealer } from '../sessions/session.ts'
import type { Tasks } from '../sessions/tasks.ts'
import type { Log } from '../options.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** One server, compiled: the request path only executes. */
export type ServerRuntime = CompiledChain & {
  readonly name: string
  readonly upstream: Upstream
  readonly sealer: Sealer
  /** Binds to a caller what else the server gives out: event ids. */
  readonly binder: Binder
  readonly tasks: Tasks
  readonly health: ServerHealth | undefined
  /** Whether it runs in the pod of this gateway. */
  readonly pod: boolean
  readonly timeouts: CompiledTimeouts
  readonly stopped: boolean
  /** Why nothing is let through, when the server's own object never compiled. */
  readonly refused: string | undefined
}

/** A whole configuration, compiled. Swapped as one. */
export type Runtime = {
  /** Names what was compiled (`gateway/config/hash.ts`), and the keys alone. */
  readonly hash: string
  readonly keysHash: string
  readonly hosts: HostPolicy
  readonly limits: GatewayConfig['limits']
  readonly auth: Authentications
  readonly servers: ReadonlyMap<string, ServerRuntime>
  /** The server that `/mcp` means: the only one there is. */
  readonly only: ServerRuntime | undefined
}

/** What lives longer than a configuration. */
export type Services = {
  runtime(): Runtime
  now(): number
  readonly instance: string
  readonly limits: ReadLimits
  readonly held: HeldBytes
  readonly calls: OpenCalls
  /** Requests that wait for an authenticator, and those of known callers that wait for a stage: strangers take no place of theirs. */
  readonly waiting: { readonly authentications: WaitingRequests; readonly stages: WaitingRequests }
  /** Those of the client port. */
  readonly connections: Connections
  readonly audit: AuditLog
  readonly metrics: Metrics
  /** Where the requests of the operator are counted: they are no usage, so they are not exposed. */
  readonly unshown: Metrics
  readonly log: Log
  phase(): ServingPhase
}

/**
 * `draining`: not ready, and serving all the same, since clients still arrive. `drained`: the server is about to end, new calls are refused.
 * `ending`: this process is.
 */
export type ServingPhase = 'serving' | 'draining' | 'drained' | 'ending'
