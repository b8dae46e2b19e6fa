import { hash } from 'node:crypto'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Guards } from '../config/guard.ts'
import type { Server } from '../config/servers.ts'
import { pathProbe, pingProbe } from '../health/probe.ts'
import { ServerHealth } from '../health/server-health.ts'
import { addressOf, healthCheckOf, healthOptions } from '../health/server-probe.ts'
import { binder, type Binder } from '../sessions/binder.ts'
import { sealer, type Sealer } from '../sessions/session.ts'
import { taskMemory, tasksOf, type TaskMemory, type Tasks } from '../sessions/tasks.ts'
import { httpUpstream } from '../upstream/http.ts'
import {
  inactiveUpstream,
  judgeOf,
  serverUpstream,
  takesCalls,
  upstreamFingerprint,
  type StdioFactory,
} from '../upstream/server-upstream.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { ResourceKind } from '../resource-kind.ts'
import type { Registry } from './registry.ts'

/** How long calls in flight may go on using an upstream that the newest configuration no longer has. Milliseconds. */
const callGrace = 300_000

/** A server that is renamed, removed or refused for a moment keeps what was seen of its tasks. Milliseconds. */
const memoryGrace = 300_000

const closeUpstream = (upstream: Upstream): Promise<void> => upstream.close()

/** A policy edit neither closes connections nor ends the sessions of a child process. */
const upstreams: ResourceKind<Upstream> = { name: 'upstream', grace: callGrace, close: closeUpstream }

/** Connections of probes that ask at a path of their own. */
const probeConnections: ResourceKind<Upstream> = { name: 'probe connections', close: closeUpstream }

/** A policy edit must not make an unhealthy server healthy. */
const healthProbes: ResourceKind<ServerHealth> = {
  name: 'health probe',
  start: health => health.start(),
  close: health => health.stop(),
}

/** What was seen of a server's tasks, which outlives its guard. */
const taskMemories: ResourceKind<TaskMemory> = { name: 'task memory', grace: memoryGrace }

type Seals = { readonly sealer: Sealer; readonly binder: Binder; readonly tasks: Tasks }

/** Caches of opened session ids stay warm; a rotated guard ends them. */
const seals: ResourceKind<Seals> = { name: 'seals' }

/** An authenticator may hold state, such as key sets and the connections that fetch them. */
export type ClosableAuthenticator = Authenticator & {
  /** Called once, when it is in force: an authenticator of a configuration that is refused must not have fetched anything. */
  start?(): void
  close?(): void | Promise<void>
}

export const authenticators: ResourceKind<ClosableAuthenticator> = {
  name: 'authenticator',
  start: authenticator => authenticator.start?.(),
  close: authenticator => authenticator.close?.(),
}

/** What the resources of servers are made with. */
export type LongLivedContext = {
  readonly registry: Registry
  readonly stdio: StdioFactory
  guard(server: string): Guards
  /** A server has become healthy or unhealthy. */
  healthChanged(server: string, healthy: boolean): void
}

/** Names guards without telling them. */
export const guardFingerprint = (guards: Guards): string => guards.map(guard => hash('sha256', guard, 'hex')).join(' ')

const upstreamId = (server: Server, networks: readonly string[], { stdio }: LongLivedContext) => ({
  owner: server.name,
  fingerprint: upstreamFingerprint(server, networks, stdio),
})

const sealsId = (owner: string, context: LongLivedContext) => ({
  owner,
  fingerprint: guardFingerprint(context.guard(owner)),
})

/** The upstream of a server; none that runs while it takes no calls. */
export function upstreamOf(server: Server, networks: readonly string[], context: LongLivedContext): Upstream {
  const { registry, stdio } = context
  if (!takesCalls(server)) {
    registry.stop(server.name)
    return inactiveUpstream
  }
  const id = upstreamId(server, networks, context)
  return registry.use(upstreams, id, () => serverUpstream(server, networks, stdio))
}

/** A path is asked at the address of the server, everything else by the upstream that calls use. */
export function healthOf(
  server: Server,
  networks: readonly string[],
  context: LongLivedContext,
): ServerHealth | undefined {
  const { registry } = context
  const healthCheck = healthCheckOf(server)
  if (!healthCheck) return undefined
  const { http } = server.upstream
  const options = healthOptions(healthCheck, server)
  const changed = (healthy: boolean): void => context.healthChanged(server.name, healthy)
  const { owner, fingerprint } = upstreamId(server, networks, context)
  const id = { owner, fingerprint: JSON.stringify([healthCheck, fingerprint]) }
  if (healthCheck.path === undefined || !http) {
    const upstream = upstreamOf(server, networks, context)
    return registry.use(healthProbes, id, () => new ServerHealth(pingProbe(upstream), options, changed))
  }
  const address = addressOf(http.url, healthCheck.path)
  const connections = registry.use(probeConnections, id, () => httpUpstream(address, judgeOf(http, networks)))
  return registry.use(healthProbes, id, () => new ServerHealth(pathProbe(connections), options, changed))
}

/** What the guard of a server seals. */
export function sealsOf(server: string, context: LongLivedContext): Seals {
  const { registry } = context
  const memory = registry.use(taskMemories, { owner: server, fingerprint: '' }, taskMemory)
  return registry.use(seals, sealsId(server, context), () => {
    const guards = context.guard(server)
    const bound = binder(guards, server)
    return { sealer: sealer(guards, server), binder: bound, tasks: tasksOf(bound, memory) }
  })
}

/** False when a secret of the server has changed, so that it needs another upstream, or other seals, than it has. */
export const isCurrent = (server: Server, networks: readonly string[], context: LongLivedContext): boolean =>
  context.registry.has(seals, sealsId(server.name, context)) &&
  (!takesCalls(server) || context.registry.has(upstreams, upstreamId(server, networks, context)))
