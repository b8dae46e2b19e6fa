import type { IncomingRequest } from '../../auth/incoming-request.ts'
import type { AuthenticationResult } from '../../auth/index.ts'
import { isPromise } from '../../evaluation/steps.ts'
import type { MaybePromise } from '../../exchange.ts'
import { connectionOf } from '../../http/connection.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { RequestContext } from '../request-context.ts'
import type { AcceptedHost } from './transport.ts'
import { waitFor } from './wait.ts'

/** Who sent a request. Most providers know at once, and then there is no promise; whose Host was accepted is known already. */
export function authenticate(
  context: RequestContext,
  runtime: Runtime,
  request: IncomingRequest,
  host: AcceptedHost,
): MaybePromise<AuthenticationResult> {
  if (typeof host === 'object') return host
  const result = runtime.auth.authenticate(request)
  return isPromise(result) ? waited(context, runtime, result) : result
}

/** An identity of a configuration that is no longer in force is revalidated by the current one. */
async function waited(
  context: RequestContext,
  runtime: Runtime,
  promise: Promise<AuthenticationResult>,
): Promise<AuthenticationResult> {
  const { services } = context
  const result = await waitFor(promise, {
    context,
    what: 'authentication',
    waiting: services.waiting.authentications,
    owner: connectionOf(context.req.socket)?.source ?? '',
  })
  if ('denied' in result) return result
  const isCurrent = services.runtime() === runtime && result.principal.grants.expiresAt > services.now()
  return isCurrent ? result : services.runtime().auth.revalidate(result, services.now())
}
