import type { Identity } from '../../auth/authenticator.ts'
import type { Denial } from '../../exchange.ts'
import type { Runtime, ServerRuntime, Services } from '../../runtime/runtime.ts'

/** A caller before a server, under one configuration. */
export type RoutedRequest = { readonly runtime: Runtime; readonly identity: Identity; readonly server: ServerRuntime }

/** To the caller it is as if there were no such server. */
export const notAllowed: Denial = { stage: 'authorize', code: 'ServerNotAllowed' }

/** What is wrong with calling this server, for those who may. */
export function unavailable(services: Services, server: ServerRuntime): Denial | undefined {
  const denial = (stage: string, code: Denial['code'], detail?: string): Denial => ({
    stage,
    code,
    ...(detail === undefined ? {} : { detail }),
  })
  if (server.refused !== undefined) return denial('route', 'ConfigurationRefused', server.refused)
  if (server.stopped) return denial('route', 'ServerStopped')
  return services.audit.ready() ? undefined : denial('audit', 'AuditUnavailable')
}

/**
 * The same entry under the configuration of now. A body may take a minute to arrive, and a long text a while to be judged: a key that was
 * revoked meanwhile must not get through on what was true before.
 */
export function revalidated(services: Services, entry: RoutedRequest): RoutedRequest | { readonly denied: Denial } {
  const runtime = services.runtime()
  const ends = entry.identity.principal.grants.expiresAt
  if (runtime === entry.runtime && ends > services.now()) return entry
  const identity = runtime.auth.revalidate(entry.identity, services.now())
  if ('denied' in identity) return identity
  const server = runtime.servers.get(entry.server.name)
  if (!server) return { denied: { stage: 'route', code: 'NotFound' } }
  const allowed = identity.principal.grants.allowsServer(server.name)
  const denied = allowed ? unavailable(services, server) : notAllowed
  return denied ? { denied } : { runtime, identity, server }
}
