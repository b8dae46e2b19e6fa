import { Lineage } from '../auth/lineage.ts'
import { configurationHash, keysHash } from '../config/hash.ts'
import type { GatewayConfig, Issue, KeysFile } from '../config/index.ts'
import { compileTimeouts, type Server } from '../config/servers.ts'
import { compileChain } from '../evaluation/chain.ts'
import { hostPolicy } from '../http/hosts.ts'
import type { Extensions, GatewayOptions } from '../options.ts'
import { stages } from '../policies/index.ts'
import { stdioFactory } from '../upstream/stdio-factory.ts'
import { healthOf, sealsOf, upstreamOf, type LongLivedContext } from './long-lived.ts'
import { authenticationsOf, providersOf, type ProviderContext } from './providers.ts'
import { Registry } from './registry.ts'
import type { Runtime, ServerRuntime } from './runtime.ts'
import { WithdrawnKeys } from './withdrawn-keys.ts'

/** What compiling needs and a configuration does not hold. */
export type CompileContext = LongLivedContext &
  ProviderContext & {
    /** Names under which the listeners themselves are reached. */
    readonly names: readonly string[]
    /** The chain of a server with what a program that embeds the gateway adds to it. */
    readonly chain: Extensions['chain']
    /** Reads the file of a secret slot. */
    readSecret(file: string): Buffer
  }

export const compileContext = (options: GatewayOptions, names: readonly string[]): CompileContext => ({
  registry: new Registry(options.log),
  stdio: stdioFactory(options),
  withdrawn: new WithdrawnKeys(),
  lineage: new Lineage(),
  operator: options.operator === true,
  names,
  providers: providersOf,
  embedded: options.extensions?.authenticators ?? [],
  chain: options.extensions?.chain,
  guard: server => options.guard(server),
  readSecret: file => options.readSecret(file),
  healthChanged: (server, healthy) =>
    options.log.warn(healthy ? 'server is healthy' : 'server is unhealthy', { server }),
})

function compileServer(server: Server, config: GatewayConfig, context: CompileContext): ServerRuntime {
  const chain = stages(server)
  return {
    name: server.name,
    ...compileChain(context.chain?.(chain, server, context.registry.resourcesOf(server.name)) ?? chain),
    upstream: upstreamOf(server, config.allowedNetworks, context),
    ...sealsOf(server.name, context),
    health: healthOf(server, config.allowedNetworks, context),
    pod: server.upstream.http?.pod === true,
    timeouts: compileTimeouts(server.timeouts),
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

/**
 * Builds a whole runtime: part of a change of configuration (`reload.ts`), which rolls back when this throws.
 * @throws Error with what does not compile
 */
export function compile(config: GatewayConfig, keys: KeysFile, context: CompileContext): Runtime {
  const servers = new Map<string, ServerRuntime>()
  for (const server of config.servers) servers.set(server.name, compileServer(server, config, context))
  return {
    ...hashesOf(config, keys),
    hosts: hostPolicy(hostNames(config, context.names), config.origins ?? []),
    limits: config.limits,
    auth: authenticationsOf(config, keys, context),
    servers,
    only: servers.size === 1 ? servers.values().next().value : undefined,
  }
}

/** A runtime with the policies of another and new keys. */
export const withKeys = (
  runtime: Runtime,
  config: GatewayConfig,
  keys: KeysFile,
  context: CompileContext,
): Runtime => ({
  ...runtime,
  ...hashesOf(config, keys),
  auth: authenticationsOf(config, keys, context),
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
