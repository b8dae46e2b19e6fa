import type { ErrorCode } from '../../errors.ts'
import { readBody } from '../../mcp/message.ts'
import type { UpstreamRequest } from '../../upstream/upstream.ts'
import type { AdmittedCall } from '../admitted-call.ts'
import { requestHeaders } from '../forwarded-headers.ts'
import { pendingRequests } from '../admitted-call.ts'

/**
 * What the server of a legacy session is told when the gateway no longer waits for its answers (MCP 2025-11-25, cancellation): one notification
 * for each request that is still owed. `initialize` must not be cancelled.
 */
export function cancellations(
  admitted: AdmittedCall,
  code: ErrorCode,
  owes: (id: string) => boolean,
): UpstreamRequest[] {
  const { context, caller, messages, session } = admitted
  if (caller.era !== 'legacy' || session === undefined) return []
  const headers = requestHeaders(context.req.headers, 'legacy', session.opened.upstream)
  // A stream that is resumed may end and be resumed once more. A caller who is no longer let in cannot.
  const asked = code === 'CallerRevoked' ? pendingRequests(admitted) : messages
  return asked.flatMap(({ shape, id, method }) => {
    if (shape !== 'request' || id === undefined || method === 'initialize' || !owes(id)) return []
    const params = `{"requestId":${id},"reason":"${code}"}`
    const body = Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`)
    const read = readBody(body, context.services.limits)
    if (!('message' in read)) return []
    return [{ method: 'POST', headers, body, messages: [read.message], principal: caller.principal }]
  })
}
