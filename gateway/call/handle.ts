import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Identity } from '../auth/authenticator.ts'
import type { Caller, Denial } from '../exchange.ts'
import { maxServerName } from '../config/kit.ts'
import type { Runtime, ServerRuntime, Services } from '../runtime/runtime.ts'
import { corsHeaders, preflight } from '../http/cors.ts'
import { connectionOf } from '../http/connection.ts'
import { duplicateHeader } from '../http/duplicates.ts'
import { ownFault, record, refuse, type RequestContext } from './request-context.ts'
import type { AdmittedCall } from './admitted-call.ts'
import { Call } from './answer/call.ts'
import { unavailable, notAllowed, type RoutedRequest } from './decision/revalidate.ts'
import { endsHere, requestHeaders } from './forwarded-headers.ts'
import { receive } from './post.ts'
import { bodylessScope, resumedRefusal } from './decision/reauthorize.ts'
import { resume, type Resumption } from './resumption.ts'
import { namedSession } from './decision/named-session.ts'

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

const denial = (stage: string, code: Denial['code'], detail?: string): Denial =>
  detail === undefined ? { stage, code } : { stage, code, detail }

/** What is wrong with a request before anybody asks who sent it. */
function badTransport(runtime: Runtime, services: Services, req: IncomingMessage): Denial | undefined {
  const { headers } = req
  if (!runtime.hosts.host(headers.host) && !isOperatorAtPod(runtime, services, req))
    return denial('http', 'HostNotAllowed', `Host ${JSON.stringify(headers.host?.slice(0, 200))}`)
  if (!runtime.hosts.origin(headers.origin))
    return denial('http', 'OriginNotAllowed', `Origin ${JSON.stringify(headers.origin?.slice(0, 200))}`)
  const twice = duplicateHeader(req.rawHeaders, Object.keys(headers).length)
  if (twice !== undefined) return denial('http', 'InvalidRequest', `header ${twice} stands twice`)
  const ends = endsHere(headers.connection)
  if (ends !== undefined) return denial('http', 'InvalidRequest', `Connection names ${ends}`)
  const phase = services.phase()
  return phase === 'drained' || phase === 'ending' ? denial('http', 'ShuttingDown') : undefined
}

/**
 * The operator dials the pod, which has no name: for a request with its token, and for no other, the address that was dialled is an accepted Host.
 */
function isOperatorAtPod(runtime: Runtime, services: Services, { headers, socket }: IncomingMessage): boolean {
  const { localAddress = '', localPort } = socket
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress
  if (headers.host !== `${host}:${localPort}`) return false
  const admitted = runtime.auth.authenticate(headers, services.now())
  return 'principal' in admitted && admitted.principal.provider === 'operator'
}

/** One request to an MCP address, from its head to the verdict. */
export function handle(services: Services, req: IncomingMessage, res: ServerResponse): void {
  const runtime = services.runtime()
  const started = services.now()
  const context: RequestContext = { services, req, res, decision: services.audit.next(), started, reserved: 0 }
  try {
    enter(context, runtime)
  } catch (error) {
    refuse(context, ownFault(context, error))
  }
}

function enter(context: RequestContext, runtime: Runtime): void {
  const { services, req, res } = context
  const transport = badTransport(runtime, services, req)
  if (transport) return refuse(context, transport)
  if (req.headers.origin !== undefined) corsHeaders(res, req.headers.origin)
  if (req.method === 'OPTIONS') return preflight(req, res)
  const admitted = runtime.auth.authenticate(req.headers, context.started)
  if ('denied' in admitted) refuse(context, admitted.denied)
  else route(context, runtime, admitted)
}

/** Finds the server that a known caller may call. */
function route(context: RequestContext, runtime: Runtime, admitted: Identity): void {
  const { services, req } = context
  // Nobody's usage: its questions are audited like all others, and counted apart.
  if (admitted.principal.provider === 'operator') context.services = { ...services, metrics: services.unshown }
  context.principal = `${admitted.principal.provider}:${admitted.principal.subject}`
  if (!hasPlace(context, admitted)) return refuse(context, denial('http', 'Busy', 'too many connections'))
  const name = serverNameOf(runtime, req.url ?? '')
  // Asked before it is known whether there is one: to be refused takes as long as to ask for what is not there.
  const allowed = name !== undefined && admitted.principal.grants.allowsServer(name)
  const server = name === undefined ? undefined : runtime.servers.get(name)
  if (!server) return refuse(context, denial('route', 'NotFound'))
  context.server = server.name
  const refusal = allowed ? unavailable(services, server) : notAllowed
  if (refusal) return refuse(context, refusal)
  call(context, { runtime, identity: admitted, server })
}

/** From now on this connection is a caller's, and no stranger's. */
function hasPlace({ services, req, principal = '' }: RequestContext, { principal: { provider } }: Identity): boolean {
  const connection = connectionOf(req.socket)
  return connection !== undefined && services.connections.admit(connection, principal, provider === 'operator')
}

/** The caller is known and may call this server; what he asks of it decides the rest. */
function call(context: RequestContext, entry: RoutedRequest): void {
  const { method } = context.req
  if (method === 'POST') receive(context, entry)
  else if (method === 'GET' || method === 'DELETE') withoutBody(context, entry)
  else refuse(context, denial('http', 'MethodNotAllowed'))
}

/** GET opens the server's stream, DELETE ends the session; both exist in the legacy era only, and there the server says so itself. */
function withoutBody(context: RequestContext, { identity, server }: RoutedRequest): void {
  const { services, req } = context
  context.era = 'legacy'
  if (!identity.principal.grants.allowsScope(bodylessScope(req.method)))
    return refuse(context, denial('authorize', 'InsufficientScope'))
  const found = namedSession(services, server, identity.principal, req.headers)
  if ('denied' in found) return refuse(context, found.denied)
  const { session } = found
  const caller = { principal: identity.principal, server: server.name, era: 'legacy' as const, now: context.started }
  const resumed = resumedBy(context, caller, server, session?.opened.upstream)
  if (resumed !== undefined && 'denied' in resumed) return refuse(context, resumed.denied)
  const admitted: AdmittedCall = {
    context,
    identity,
    server,
    caller,
    messages: [],
    session,
    tasks: [],
    ...(resumed && { resumed }),
  }
  record(context, { event: 'mcp_call', verdict: 'allow' })
  services.metrics.decision(server.name, 'Allowed')
  new Call(admitted).open({
    method: req.method === 'GET' ? 'GET' : 'DELETE',
    headers: {
      ...requestHeaders(req.headers, 'legacy', session?.opened.upstream),
      ...(resumed && { 'last-event-id': resumed.event }),
    },
    messages: [],
    principal: identity.principal,
  })
}

/** What a GET goes on with, if it says so. An event belongs to its session: without one, or in another, it might be somebody else's. */
function resumedBy(
  { req, services }: RequestContext,
  caller: Caller,
  server: ServerRuntime,
  session: string | undefined,
): Resumption | { readonly denied: Denial } | undefined {
  const id = req.headers['last-event-id']
  if (typeof id !== 'string' || req.method !== 'GET') return undefined
  if (session === undefined) return { denied: denial('session', 'SessionRequired', 'Last-Event-ID without a session') }
  const resumed = resume(server, caller.principal, session, id)
  if (resumed === undefined) return { denied: denial('session', 'EventNotFound') }
  const refused = resumedRefusal(server, caller, resumed, services.limits)
  return refused ? { denied: refused } : resumed
}
