import type { CompiledKey } from '../config/access.ts'
import type { Guards } from '../config/guard.ts'
import { configurationHash, keysHash } from '../config/hash.ts'
import { milliseconds } from '../config/kit.ts'
import type { GatewayConfig, Issue } from '../config/index.ts'
import type { KeysFile } from '../config/index.ts'
import { defaultTimeouts, type Server } from '../config/servers.ts'
import { compileChain } from '../evaluation/chain.ts'
import type { PolicyChain } from '../exchange.ts'
import { authentications, type Authentications } from '../auth/index.ts'
import { keyAuthenticator } from '../auth/keys.ts'
import type { Lineage } from '../auth/lineage.ts'
import { operatorAuthenticator } from '../auth/operator.ts'
import type { Healths } from '../health/registry.ts'
import { hostPolicy } from '../http/hosts.ts'
import { stages } from '../policies/index.ts'
import type { Runtime, ServerRuntime } from './runtime.ts'
import { binder } from '../sessions/binder.ts'
import { sealer } from '../sessions/session.ts'
import { taskMemory, tasksOf, type TaskMemory } from '../sessions/tasks.ts'
import type { GatewayOptions } from '../options.ts'
import type { Upstreams } from '../upstream/registry.ts'
import type { Withdrawn } from './withdrawn-keys.ts'

/** What a server's guard seals, and what was seen of its tasks, which outlives the guard. */
type Seals = Pick<ServerRuntime, 'sealer' | 'binder' | 'tasks'> & {
  readonly guards: Guards
  readonly memory: TaskMemory
}

/** What compiling needs and a configuration does not hold. */
export type Workshop = {
  readonly options: GatewayOptions
  readonly upstreams: Upstreams
  readonly healths: Healths
  /** Outlives configurations: a file that is older than what was withdrawn may still come. */
  readonly withdrawn: Withdrawn
  readonly lineage: Lineage
  /** Names under which the listeners themselves are reached. */
  readonly names: readonly string[]
  /** Sealers outlive configurations, their caches are warm; a rotated guard ends them. */
  readonly sealers: Map<string, Seals>
}

/** Does the sealer of a server still have the guards of now? */
export function sealerFits(name: string, { sealers, options }: Workshop): boolean {
  const known = sealers.get(name)?.guards
  const guards = options.guard(name)
  return known !== undefined && known.length === guards.length && known.every((guard, at) => guard.equals(guards[at]!))
}

function sealsOf(name: string, workshop: Workshop): Seals {
  const found = workshop.sealers.get(name)
  if (found && sealerFits(name, workshop)) return found
  const guards = workshop.options.guard(name)
  const bound = binder(guards, name)
  const memory = found?.memory ?? taskMemory()
  const made = { guards, memory, sealer: sealer(guards, name), binder: bound, tasks: tasksOf(bound, memory) }
  workshop.sealers.set(name, made)
  return made
}

const extended = (chain: PolicyChain, server: Server, { options: { extensions } }: Workshop): PolicyChain =>
  extensions?.chain?.(chain, server) ?? chain

function compileServer(server: Server, config: GatewayConfig, workshop: Workshop): ServerRuntime {
  const seals = sealsOf(server.name, workshop)
  return {
    name: server.name,
    ...compileChain(extended(stages(server), server, workshop)),
    upstream: workshop.upstreams.get(server, config.allowedNetworks),
    sealer: seals.sealer,
    binder: seals.binder,
    tasks: seals.tasks,
    health: workshop.healths.get(server, config.allowedNetworks),
    pod: server.upstream.http?.pod === true,
    requestTimeout: milliseconds(server.timeouts?.request ?? defaultTimeouts.request),
    idleTimeout: milliseconds(server.timeouts?.idle ?? defaultTimeouts.idle),
    stopped: server.stopped === true,
    refused: server.refused,
  }
}

/** Host names that are accepted: the listeners', the public one, and what `hosts` adds. */
const hostNames = (config: GatewayConfig, names: readonly string[]): string[] => [
  ...names,
  ...(config.publicUrl === undefined ? [] : [new URL(config.publicUrl).host]),
  ...(config.hosts ?? []),
]

const hashesOf = (config: GatewayConfig, keys: KeysFile) => ({
  hash: configurationHash(config, keys),
  keysHash: keysHash(keys),
})

/** The order is the policy: the operator first, whose token is no key of anybody. */
function authOf({ keys: written }: KeysFile, { options, withdrawn, lineage }: Workshop): Authentications {
  const keys: readonly CompiledKey[] = written.flatMap(key => withdrawn.compile(key))
  const operator = options.operator === true ? [operatorAuthenticator(options.guard('_gateway'))] : []
  const more = options.extensions?.authenticators ?? []
  return authentications([...operator, ...more, keyAuthenticator(keys, lineage.next(keys))], keys.length > 0)
}

/** Builds a whole runtime, or throws before anything of the old one is gone. */
export function compile(config: GatewayConfig, keys: KeysFile, workshop: Workshop): Runtime {
  const servers = new Map<string, ServerRuntime>()
  for (const server of config.servers) servers.set(server.name, compileServer(server, config, workshop))
  return {
    ...hashesOf(config, keys),
    hosts: hostPolicy(hostNames(config, workshop.names), config.origins ?? []),
    limits: config.limits,
    auth: authOf(keys, workshop),
    servers,
    only: servers.size === 1 ? servers.values().next().value : undefined,
  }
}

/** A runtime with the policies of another and new keys: what is left to do when the policies of a reload are refused. */
export const withKeys = (runtime: Runtime, config: GatewayConfig, keys: KeysFile, workshop: Workshop): Runtime => ({
  ...runtime,
  ...hashesOf(config, keys),
  auth: authOf(keys, workshop),
})

/** What the schema cannot see. */
export function contradictions(config: GatewayConfig): Issue[] {
  const seen = new Set<string>()
  return config.servers.flatMap(({ name }, at) => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [{ path: `servers[${at}].name`, message: `there are two servers called ${name}` }]
  })
}
