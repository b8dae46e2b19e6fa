import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuditRecord } from '../observe/audit.ts'
import type { Denial, Era, Finding, Message } from '../exchange.ts'
import type { Services } from '../runtime/runtime.ts'
import { render } from './render.ts'
import { connectionOf, hasBody } from '../http/connection.ts'
import { callerShare } from '../http/memory.ts'
import { FindingLines } from './finding-lines.ts'

/** One request, and what is known of it so far: enough to refuse, audit and count it. */
export type RequestContext = {
  services: Services
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The id that stands in the answer and resolves in the audit log. */
  readonly decision: string
  readonly started: number
  server?: string
  /** `key:ci` */
  principal?: string
  era?: Era
  message?: Message | undefined
  /** Bytes of the request body that are reserved in `held`. */
  reserved: number
  /** What was found in its messages so far. */
  found?: FindingLines
}

/** Where metrics put requests that reached no server. */
export const noServer = ''

const toolOf = (message: Message | undefined): string | undefined => {
  if (message?.method !== 'tools/call') return undefined
  const name = (message.params as { name?: unknown } | undefined)?.name
  return typeof name === 'string' ? name.slice(0, 128) : undefined
}

type AuditEvent = Pick<AuditRecord, 'event' | 'verdict'> &
  Partial<Pick<AuditRecord, 'code' | 'stage' | 'detail' | 'status'>> & {
    readonly findings?: readonly Finding[] | undefined
  }

/** One line in the audit log for a decision about this request. Where a call has many about nothing but findings, those are added up. */
export function record(context: RequestContext, what: AuditEvent): void {
  const { findings } = what
  if (findings) {
    count(context, findings)
    if (isAboutFindings(what) && !hasOwnLine(context, findings)) return
  }
  write(context, what, findings)
}

const isAboutFindings = ({ event, verdict }: AuditEvent): boolean => event === 'mcp_answer' && verdict === 'allow'

function hasOwnLine(context: RequestContext, findings: readonly Finding[]): boolean {
  context.found ??= new FindingLines()
  const { res, services } = context
  return context.found.isOwn(findings, { res, now: services.now(), sum: found => write(context, rest, found) })
}

/** The line of the findings that had none of their own. */
const rest: AuditEvent = {
  event: 'mcp_answer',
  verdict: 'allow',
  detail: 'what was found in further messages of this call',
}

/** Written out by hand: it is on the path of every call. */
function write(context: RequestContext, what: AuditEvent, findings: AuditRecord['findings']): void {
  const { services, message, req } = context
  const { event, verdict, code, stage, detail, status } = what
  services.audit.write({
    decision: context.decision,
    time: services.now(),
    event,
    verdict,
    server: context.server,
    principal: context.principal,
    client: req.socket.remoteAddress,
    method: message?.method?.slice(0, 128) ?? `HTTP ${req.method ?? ''}`,
    tool: toolOf(message),
    era: context.era,
    code,
    stage,
    detail,
    status,
    findings,
  })
}

function count({ services, server }: RequestContext, findings: readonly Finding[]): void {
  for (const { detector, rule, mode, policy } of findings)
    services.metrics.finding(server ?? noServer, [detector, rule, mode, policy])
}

const eventOf = (denial: Denial): AuditRecord['event'] =>
  denial.stage === 'authenticate' ? 'auth_failure' : 'mcp_call'

/** Gives back what the request body had reserved; a second time it is nothing. */
export function releaseBody(context: RequestContext): void {
  context.services.held.give(callerShare(context.principal ?? ''), context.reserved)
  context.reserved = 0
}

/** An error of our own: it is logged, and the call is refused like any other that cannot be judged. Nothing that anybody sends may end the process. */
export function ownFault({ services, decision }: RequestContext, error: unknown): Denial {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  services.log.error('a call failed inside the gateway', { decision, error: text })
  return { stage: 'gateway', code: 'Internal', detail: text.split('\n')[0]!.slice(0, 200) }
}

/** Refuses a request that never became a call: audit line, metrics, answer. */
export function refuse(context: RequestContext, denial: Denial, findings?: readonly Finding[]): void {
  const { services, req, res, decision, server, era } = context
  const { status, headers, body } = render(denial, decision, era)
  releaseBody(context)
  const { code, stage, detail } = denial
  record(context, { event: eventOf(denial), verdict: 'deny', code, stage, status, detail, findings })
  services.metrics.decision(server ?? noServer, code)
  services.metrics.request(server ?? noServer, status, services.now() - context.started)
  if (res.headersSent || res.destroyed) return
  // Whoever keeps his connection would come back to a gateway that is about to end.
  if (services.phase() !== 'serving') headers.Connection = 'close'
  // Strangers get one answer for a connection, and whoever was refused before all was there begins anew.
  if (context.principal === undefined || !req.complete) res.shouldKeepAlive = false
  if (hasBody(req) && !req.complete) connectionOf(req.socket)?.discard(context.principal !== undefined)
  res.writeHead(status, headers)
  res.end(body)
}
