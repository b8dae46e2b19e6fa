import type { Identity } from '../../auth/authenticator.ts'
import { maxServerName } from '../../config/kit.ts'
import type { Denial } from '../../exchange.ts'
import { connectionOf } from '../../http/connection.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { RequestContext } from '../request-context.ts'
import { notAllowed, unavailable, type RoutedRequest } from './revalidate.ts'

const prefix = '/mcp/'

/** The part of a URL before the query, which never goes anywhere. */
const pathOf = (url: string): string => {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** True for the addresses of MCP servers: `/mcp` and `/mcp/<server>`. There is nothing else on that port. */
export function isMcpPath(url: string): boolean {
  const path = pathOf(url)
  return path === '/mcp' || path.startsWith(prefix)
}

/** The server that is meant, if there may be one of that name. */
const serverNameOf = (runtime: Runtime, url: string): string | undefined => {
  const path = pathOf(url)
  if (path === '/mcp') return runtime.only?.name
  const name = path.slice(prefix.length)
  return name.length > maxServerName ? undefined : name
}

/** Finds the server that a known caller may call. From now on the connection is theirs, and no stranger's. */
export function route(context: RequestContext, identity: Identity): RoutedRequest | { readonly denied: Denial } {
  const { services, req } = context
  const { principal } = identity
  const isOperator = principal.provider === 'operator'
  // Its questions are audited like all others, and counted apart: they are no usage.
  if (isOperator) context.metrics = services.unshown
  context.principal = `${principal.provider}:${principal.subject}`
  const connection = connectionOf(req.socket)
  if (!connection || !services.connections.admit(connection, context.principal, isOperator))
    return { denied: { stage: 'http', code: 'Busy', detail: 'too many connections' } }
  const runtime = services.runtime()
  const name = serverNameOf(runtime, req.url ?? '')
  // Asked before it is known whether there is one: to be refused takes as long as to ask for what is not there.
  const allowed = name !== undefined && principal.grants.allowsServer(name)
  const server = name === undefined ? undefined : runtime.servers.get(name)
  if (!server) return { denied: { stage: 'route', code: 'NotFound' } }
  context.server = server.name
  const refusal = allowed ? unavailable(services, server) : notAllowed
  return refusal ? { denied: refusal } : { runtime, identity, server }
}
