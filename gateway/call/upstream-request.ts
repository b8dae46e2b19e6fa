import { comparesName } from '../mcp/headers.ts'
import type { UpstreamRequest } from '../upstream/upstream.ts'
import type { AdmittedCall } from './admitted-call.ts'
import { nameTask, requestHeaders } from './forwarded-headers.ts'

/** What goes to the server of an admitted call. */
export const upstreamRequest = (call: AdmittedCall): UpstreamRequest =>
  call.body === undefined ? withoutBody(call) : withBody(call, call.body)

function withBody({ context, caller, messages, session, tasks }: AdmittedCall, body: Buffer): UpstreamRequest {
  const first = messages[0]!
  const headers = requestHeaders(context.req.headers, caller.era, session?.opened.upstream, comparesName(first))
  if (tasks.length > 0 && headers['mcp-name'] !== undefined) nameTask(headers, first)
  return { method: 'POST', headers, body, messages, principal: caller.principal }
}

function withoutBody({ context: { req }, caller, session, resumed }: AdmittedCall): UpstreamRequest {
  return {
    method: req.method === 'GET' ? 'GET' : 'DELETE',
    headers: {
      ...requestHeaders(req.headers, 'legacy', session?.opened.upstream),
      ...(resumed && { 'last-event-id': resumed.event }),
    },
    messages: [],
    principal: caller.principal,
  }
}
