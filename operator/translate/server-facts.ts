import type { AcceptedNamespace } from './accept/accept-namespace.ts'
import type { EffectiveObject } from './accept/effective.ts'
import { maxServers } from './configuration/gateway-config.ts'
import type { ServerContext, SharedContext } from './context.ts'
import type { Snapshot } from './model/snapshot.ts'
import { hasCallersBy } from './policy/callers.ts'
import { reservedSecrets, type ReservedSecrets } from './policy/secrets.ts'

/** A namespace as a whole: what servers share, and from where each takes what is its own. */
export type NamespaceContext = {
  readonly shared: SharedContext
  readonly snapshot: Pick<Snapshot, 'secrets' | 'drainTokens' | 'observed'>
  readonly reserved: ReservedSecrets
  readonly hasCallers: (server: string) => boolean
  /** Without a cluster: servers for which the one gateway has no room. */
  readonly overLimit: ReadonlySet<EffectiveObject<'MCPServer'>>
}

export const namespaceContext = (
  accepted: AcceptedNamespace,
  shared: SharedContext,
  snapshot: Snapshot,
): NamespaceContext => ({
  shared,
  snapshot,
  reserved: reservedSecrets(accepted, snapshot),
  hasCallers: hasCallersBy(shared.keysFile, snapshot.now),
  overLimit: new Set(snapshot.standalone ? accepted.servers.slice(maxServers) : []),
})

/** The Secrets that the answer for a server may depend on. */
function secretNames({ spec }: EffectiveObject<'MCPServer'>, { settings }: SharedContext): Set<string> {
  const uses = [...(spec?.secrets ?? []), ...(spec?.imagePullSecrets ?? [])].map(({ name }) => name)
  return new Set([...uses, ...(settings.spec.tls ? [settings.spec.tls.secretName] : [])])
}

/** What a namespace says about one server and about no other. */
export function serverFacts(server: EffectiveObject<'MCPServer'>, namespace: NamespaceContext) {
  const { secrets, drainTokens, observed } = namespace.snapshot
  const { name } = server.document
  const named = secretNames(server, namespace.shared)
  return {
    secrets: named.size === 0 ? [] : secrets.filter(secret => named.has(secret.name)),
    reserved: [...named].filter(secret => namespace.reserved.has(secret)),
    hasCallers: namespace.hasCallers(name),
    isOverLimit: namespace.overLimit.has(server),
    drainToken: drainTokens?.[name],
    // Where no server was looked at the answer is another than where only this one was not seen.
    observed: observed && (observed[name] ?? null),
  }
}

export type ServerFacts = ReturnType<typeof serverFacts>

/** The context of one server. A plan keeps it, so nothing in it may hold on to the whole: each server would keep a snapshot of the whole namespace alive. */
export const serverContext = (
  name: string,
  shared: SharedContext,
  { drainToken, observed, secrets, reserved, ...facts }: ServerFacts,
): ServerContext => ({
  ...shared,
  ...facts,
  snapshot: {
    ...shared.snapshot,
    secrets,
    ...(drainToken !== undefined && { drainTokens: { [name]: drainToken } }),
    ...(observed !== undefined && { observed: observed === null ? {} : { [name]: observed } }),
  },
  reserved: new Set(reserved),
})
