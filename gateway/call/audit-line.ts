import type { AuditRecord } from '../observe/audit-record.ts'
import type { Finding, Message } from '../exchange.ts'
import { FindingLines } from './finding-lines.ts'
import { noServer, type RequestContext } from './request-context.ts'

const toolOf = (message: Message | undefined): string | undefined => {
  if (message?.method !== 'tools/call') return undefined
  const name = (message.params as { name?: unknown } | undefined)?.name
  return typeof name === 'string' ? name.slice(0, 128) : undefined
}

/** What the line says beside what is known of the request. */
export type AuditEvent = Pick<AuditRecord, 'event' | 'verdict'> &
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

function count({ metrics, server }: RequestContext, findings: readonly Finding[]): void {
  for (const { detector, rule, mode, policy } of findings)
    metrics.finding(server ?? noServer, [detector, rule, mode, policy])
}
