import type { AuditRecord } from '../observe/audit-record.ts'
import type { Denial, Finding } from '../exchange.ts'
import { connectionOf, hasBody } from '../http/connection.ts'
import { corsHeaders, preflight } from '../http/cors.ts'
import { record } from './audit-line.ts'
import { Interruption, refused, type Outcome } from './outcome.ts'
import { render, renderError } from './render.ts'
import { noServer, type RequestContext } from './request-context.ts'

// The one place that renders, audits and counts what was decided: about a request, and later about the answers of a call that is open.

/** What metrics and audit call the status of a call whose client did not wait for it. */
export const clientGone = 499

/** Carries out what was decided. `handle.ts` sends an admitted call afterwards. */
export function settle(context: RequestContext, outcome: Outcome): void {
  if (context.origin !== undefined && !context.res.headersSent) corsHeaders(context.res, context.origin)
  switch (outcome.kind) {
    case 'refused':
      return refuse(context, outcome.denial, outcome.findings)
    case 'preflight':
      return preflight(context.req, context.res, accepted(context).headers)
    case 'accepted':
      return accept(context, outcome)
    case 'admitted':
      return admit(context, outcome)
    case 'left':
      return leave(context, outcome.unread)
  }
}

/**
 * What becomes of a request whose decision threw. An error of our own is logged, and the request is refused like any other that cannot be judged:
 * what others send must never end the process.
 */
export const outcomeOf = (context: RequestContext, error: unknown): Outcome =>
  error instanceof Interruption ? error.outcome : refused(ownFault(context, error))

/** An error of our own, as a denial. It is logged here. */
export function ownFault({ services, decision }: RequestContext, error: unknown): Denial {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  services.log.error('a call failed inside the gateway', { decision, error: text })
  return { stage: 'gateway', code: 'Internal', detail: text.split('\n')[0]!.slice(0, 200) }
}

const accepted = ({ services }: RequestContext) => services.runtime().auth.accepted

const eventOf = (denial: Denial): AuditRecord['event'] =>
  denial.stage === 'authenticate' ? 'auth_failure' : 'mcp_call'

/** Refuses a request whose answer has not begun: audit line, metrics, answer. */
export function refuse(context: RequestContext, denial: Denial, findings?: readonly Finding[]): void {
  const { services, req, res, era, decision } = context
  const { status, headers, body } = render(denial, { decision, era, accepted: accepted(context) })
  context.releaseBody()
  const { code, stage, detail } = denial
  record(context, { event: eventOf(denial), verdict: 'deny', code, stage, status, detail, findings })
  countDecision(context, code)
  finish(context, status)
  if (res.headersSent || res.destroyed) return
  // A client that keeps its connection would come back to a gateway that is about to end.
  if (services.phase() !== 'serving') headers.Connection = 'close'
  // Strangers get one answer for a connection, and so do callers who are refused before all of their request was read.
  if (context.principal === undefined || !context.isRead) res.shouldKeepAlive = false
  if (hasBody(req) && !context.isRead) connectionOf(req.socket)?.discard(context.principal !== undefined)
  res.writeHead(status, headers)
  res.end(body)
}

/** Takes a notification as a server would that has nothing to do about it. */
function accept(context: RequestContext, { detail, findings }: Extract<Outcome, { kind: 'accepted' }>): void {
  const { services, res } = context
  context.releaseBody()
  const found = findings.length > 0 ? findings : undefined
  record(context, { event: 'mcp_call', verdict: 'allow', status: 202, detail, findings: found })
  countDecision(context, 'Allowed')
  finish(context, 202)
  if (res.destroyed) return
  res.writeHead(202, { 'Content-Length': '0', ...(services.phase() !== 'serving' && { Connection: 'close' }) })
  res.end()
}

function admit(context: RequestContext, { call, findings }: Extract<Outcome, { kind: 'admitted' }>): void {
  if (call.messages.length === 0) record(context, { event: 'mcp_call', verdict: 'allow' })
  // What was found in a batch stands in the line of its first message, once.
  let found = findings.length > 0 ? findings : undefined
  for (const message of call.messages) {
    context.message = message
    record(context, { event: 'mcp_call', verdict: 'allow', findings: found })
    found = undefined
  }
  countDecision(context, 'Allowed')
}

/** A client that left needs no verdict, and what it sent is held no longer. A body that never arrived was no request. */
function leave(context: RequestContext, unread: boolean): void {
  context.releaseBody()
  if (unread) return
  const detail = 'the client left before its request was judged'
  record(context, { event: 'mcp_call', verdict: 'deny', stage: 'http', status: clientGone, detail })
}

/** An open call or stream is ended by a refusal that can have no status any more. */
export function endCall(context: RequestContext, denial: Denial, findings?: readonly Finding[]): void {
  const { code, stage, detail } = denial
  record(context, { event: 'call_ended', verdict: 'deny', code, stage, detail, findings })
  countDecision(context, code)
}

/** A message of the server goes no further, and the call goes on. */
export function withholdAnswer(context: RequestContext, denial: Denial, findings?: readonly Finding[]): void {
  const { code, stage, detail } = denial
  record(context, { event: 'mcp_answer', verdict: 'deny', code, stage, detail, findings })
  countDecision(context, code)
}

/** What was found in a message of the server that passes. */
export const recordFindings = (context: RequestContext, findings: readonly Finding[]): void =>
  record(context, { event: 'mcp_answer', verdict: 'allow', findings })

/** The gateway let something through (`Allowed`), or refused it. */
export const countDecision = ({ metrics, server }: RequestContext, code: Denial['code'] | 'Allowed'): void =>
  metrics.decision(server ?? noServer, code)

/** A request is over: what the client got, and after which time. */
export const finish = ({ metrics, server, services, started }: RequestContext, status: number): void =>
  metrics.request(server ?? noServer, status, services.now() - started)

/** A refusal as an error in an answer that is open. */
export const errorText = (context: RequestContext, denial: Denial): string =>
  renderError(denial, { decision: context.decision, accepted: accepted(context) })
