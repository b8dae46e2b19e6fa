import type { IncomingHttpHeaders } from 'node:http'
import type { ErrorCode } from '../../errors.ts'
import type { Caller, Denial, Era, Exchange, Finding, Message, ReadLimits } from '../../exchange.ts'
import { eraOf } from '../../mcp/era.ts'
import { checkHeaders } from '../../mcp/headers.ts'
import { methodRow } from '../../mcp/methods.ts'
import { unexpectedParameter } from '../../mcp/parameters.ts'
import { judgeRequest, type EvaluatedMessage } from '../../evaluation/pipeline.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import type { ChargeLedger } from '../../evaluation/charging.ts'
import { isSteps, mapSteps, type MaybeWaitingSteps, type WaitingSteps } from '../../evaluation/steps.ts'
import type { NamedSession, OpenedTask } from '../admitted-call.ts'
import { openTasks } from './open-tasks.ts'

/** The id of a message as a member of a denial. */
export const idOf = (message: Message | undefined): { id?: string } =>
  message?.id === undefined ? {} : { id: message.id }

/** The era of a body. Batches exist in the legacy era only, whatever their messages claim. */
export function eraOfAll(headers: IncomingHttpHeaders, messages: readonly Message[]): Era | Denial {
  const header = headers['mcp-protocol-version']
  let era: Era = 'legacy'
  for (const message of messages) {
    const answer = eraOf(message, typeof header === 'string' ? header : undefined)
    if ('code' in answer) return answer
    if (answer.era === 'modern') era = 'modern'
  }
  return messages.length > 1 && era === 'modern' ? { stage: 'read', code: 'BatchNotAllowed' } : era
}

/** Methods are refused unless the table knows them; a response has none and answers a request of the server. */
function methodRefusal({ principal, era }: Caller, message: Message, inSession: boolean): Denial | undefined {
  const deny = (code: ErrorCode, detail: string): Denial => ({ stage: 'methods', code, detail })
  if (message.shape === 'response') {
    if (era === 'modern') return deny('InvalidRequest', 'a response in an era that has no requests of the server')
    if (!principal.grants.allowsScope('gateway:execute')) return deny('InsufficientScope', 'gateway:execute')
    // It answers a request of the server, and those come in a session: without one it could answer what another client was asked.
    return inSession ? undefined : { stage: 'session', code: 'SessionRequired', detail: 'a response without a session' }
  }
  const row = methodRow(message, era, 'client')
  if (!row) return deny('MethodNotFound', `${era} method ${JSON.stringify(message.method?.slice(0, 128))}`)
  return principal.grants.allowsScope(row.scope) ? undefined : deny('InsufficientScope', row.scope)
}

/** All messages of a body may pass, as they stand here; or one may not, and then none does. */
export type Verdicts = {
  readonly messages: readonly Message[]
  readonly tasks: readonly OpenedTask[]
  readonly findings: readonly Finding[]
  readonly denied?: Denial
}

export type Judging = {
  readonly caller: Caller
  readonly server: ServerRuntime
  readonly session: NamedSession | undefined
  readonly headers: IncomingHttpHeaders
  readonly limits: ReadLimits
  /** Where it is kept what the messages were charged. */
  readonly ledger: ChargeLedger
}

/** A redacted argument that a header repeats would travel all the same. */
function withoutRedactedHeader(
  { message, findings, denied }: EvaluatedMessage,
  asked: Message,
  headers: IncomingHttpHeaders,
  tasks: readonly OpenedTask[],
): Verdicts {
  if (denied) return { messages: [], tasks, findings, denied }
  const unexpected = message === asked ? undefined : unexpectedParameter(message, headers)
  if (unexpected === undefined) return { messages: [message], tasks, findings }
  const text = `Blocked by a guardrail policy: what would be redacted stands in the header ${unexpected}, too.`
  return {
    messages: [],
    tasks,
    findings,
    denied: { stage: 'headers', code: 'GuardrailBlocked', text, ...idOf(message) },
  }
}

/** What is wrong with the headers of a modern message. */
function badHeaders(message: Message, headers: IncomingHttpHeaders): Denial | undefined {
  const stray = unexpectedParameter(message, headers)
  const denied = checkHeaders(message, headers)
  if (denied || stray === undefined) return denied
  return { stage: 'headers', code: 'HeaderMismatch', detail: `${stray} repeats no argument` }
}

const refused = (message: Message, denial: Denial): Verdicts => ({
  messages: [],
  tasks: [],
  findings: [],
  denied: { ...denial, ...idOf(message) },
})

/**
 * One message in the order of X-48: what its method needs (where a missing scope is refused), whose task it names, the tool policy, what it costs,
 * the guardrails. The last three are the chain of the server (`policies/index.ts`).
 */
function judgeMessage(judging: Judging, message: Message): MaybeWaitingSteps<Verdicts> {
  const { caller, server, session, headers, limits, ledger } = judging
  const { principal, server: name, era, now } = caller
  const refusal =
    methodRefusal(caller, message, session !== undefined) ??
    (era === 'modern' ? badHeaders(message, headers) : undefined)
  if (refusal) return refused(message, refusal)
  const opened = openTasks(server, caller, message, limits)
  if ('denied' in opened) return refused(message, opened.denied)
  const x: Exchange = { principal, server: name, era, now, message: opened.message }
  return mapSteps(judgeRequest(server.stages, x, limits, { ledger, arrived: message }), judged =>
    withoutRedactedHeader(judged, opened.message, headers, opened.tasks),
  )
}

function* judgeBatch(judging: Judging, messages: readonly Message[]): WaitingSteps<Verdicts> {
  const passed: Message[] = []
  const tasks: OpenedTask[] = []
  const findings: Finding[] = []
  for (const message of messages) {
    const steps = judgeMessage(judging, message)
    const verdicts = isSteps(steps) ? yield* steps : steps
    findings.push(...verdicts.findings)
    if (verdicts.denied) return { messages: passed, tasks, findings, denied: verdicts.denied }
    passed.push(...verdicts.messages)
    tasks.push(...verdicts.tasks)
  }
  return { messages: passed, tasks, findings }
}

/** Judges and charges what a caller sends: each message by itself. */
export const judgeMessages = (judging: Judging, messages: readonly Message[]): MaybeWaitingSteps<Verdicts> =>
  messages.length === 1 ? judgeMessage(judging, messages[0]!) : judgeBatch(judging, messages)
