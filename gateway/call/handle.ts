import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Services } from '../runtime/runtime.ts'
import { ForwardedCall } from './answer/call.ts'
import { decide } from './decide.ts'
import { RequestContext } from './request-context.ts'
import { outcomeOf, settle } from './settle.ts'
import { upstreamRequest } from './upstream-request.ts'

export { isMcpPath } from './decision/route.ts'

/** One request to an MCP address: it is decided, the outcome is settled, and what is admitted goes to the server. */
export function handle(services: Services, req: IncomingMessage, res: ServerResponse): void {
  serve(new RequestContext(services, req, res)).catch((error: unknown) => {
    // Not even a refusal could be written.
    services.log.error('a request failed inside the gateway', { error: String(error) })
    res.destroy()
  })
}

/** Own faults are caught here, and nowhere else before a call is open. */
async function serve(context: RequestContext): Promise<void> {
  try {
    const outcome = await decide(context)
    settle(context, outcome)
    if (outcome.kind === 'admitted') new ForwardedCall(outcome.call).open(upstreamRequest(outcome.call))
  } catch (error) {
    settle(context, outcomeOf(context, error))
  }
}
