import type { Caller, Denial } from '../../exchange.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import { refused, type Outcome } from '../outcome.ts'
import type { RequestContext } from '../request-context.ts'
import { resume, type Resumption } from '../resumption.ts'
import { namedSession } from './named-session.ts'
import { bodylessScope, resumedRefusal } from './reauthorize.ts'
import type { RoutedRequest } from './revalidate.ts'

/** GET opens the server's stream, DELETE ends the session; both exist in the legacy era only, and there the server says so itself. */
export function decideWithoutBody(context: RequestContext, { identity, server }: RoutedRequest): Outcome {
  const { services, req, started } = context
  const { principal } = identity
  if (req.method !== 'GET' && req.method !== 'DELETE') return refused({ stage: 'http', code: 'MethodNotAllowed' })
  context.era = 'legacy'
  if (!principal.grants.allowsScope(bodylessScope(req.method)))
    return refused({ stage: 'authorize', code: 'InsufficientScope' })
  const found = namedSession(services, server, principal, req.headers)
  if ('denied' in found) return refused(found.denied)
  const { session } = found
  const caller: Caller = { principal, server: server.name, era: 'legacy', now: started }
  const resumed = resumedBy(context, caller, server, session?.opened.upstream)
  if (resumed !== undefined && 'denied' in resumed) return refused(resumed.denied)
  const call = { context, identity, server, caller, messages: [], session, tasks: [], resumed }
  return { kind: 'admitted', call, findings: [] }
}

const denied = (code: Denial['code'], detail?: string): { readonly denied: Denial } => ({
  denied: { stage: 'session', code, ...(detail !== undefined && { detail }) },
})

/** What a GET goes on with, if it says so. An event belongs to its session: without one, or in another, it might be that of another caller. */
function resumedBy(
  { req }: RequestContext,
  caller: Caller,
  server: ServerRuntime,
  session: string | undefined,
): Resumption | { readonly denied: Denial } | undefined {
  const id = req.headers['last-event-id']
  if (typeof id !== 'string' || req.method !== 'GET') return undefined
  if (session === undefined) return denied('SessionRequired', 'Last-Event-ID without a session')
  const resumed = resume(server, caller.principal, session, id)
  if (resumed === undefined) return denied('EventNotFound')
  const refusal = resumedRefusal(server, caller, resumed)
  return refusal ? { denied: refusal } : resumed
}
