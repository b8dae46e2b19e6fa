import type { IncomingHttpHeaders } from 'node:http'
import type { ErrorCode } from '../../errors.ts'
import type { Caller, Denial, Era, Exchange, Finding, Message, ReadLimits, Steps } from '../../exchange.ts'
import { eraOf } from '../../mcp/era.ts'
import { checkHeaders } from '../../mcp/headers.ts'
import { methodRow } from '../../mcp/methods.ts'
import { strayParameter } from '../../mcp/parameters.ts'
import { judgeRequest, type Judged } from '../../evaluation/pipeline.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import { isSteps, mapSteps, type MaybeSteps } from '../../evaluation/turns.ts'
import { openTasks, type OpenedTask } from './open-tasks.ts'

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
    // It answers a request of the server, and those come in a session: without one it could answer what somebody else was asked.
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
  readonly inSession: boolean
  readonly headers: IncomingHttpHeaders
  readonly limits: ReadLimits
}

/** A redacted argument that a header repeats would travel all the same. */
function withoutRedactedHeader(
  { message, findings, denied }: Judged,
  asked: Message,
  headers: IncomingHttpHeaders,
  tasks: readonly OpenedTask[],
): Verdicts {
  if (denied) return { messages: [], tasks, findings, denied }
  const stray = message === asked ? undefined : strayParameter(message, headers)
  if (stray === undefined) return { messages: [message], tasks, findings }
  const text = `Blocked by a guardrail policy: what would be redacted stands in the header ${stray}, too.`
  return {
    messages: [],
    tasks,
    findings,
    denied: { stage: 'headers', code: 'GuardrailBlocked', text, ...idOf(message) },
  }
}

/** What is wrong with the headers of a modern message. */
function badHeaders(message: Message, headers: IncomingHttpHeaders): Denial | undefined {
  const stray = strayParameter(message, headers)
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

function judgeMessage({ caller, server, inSession, headers, limits }: Judging, message: Message): MaybeSteps<Verdicts> {
  const { principal, server: name, era, now } = caller
  const refusal =
    methodRefusal(caller, message, inSession) ?? (era === 'modern' ? badHeaders(message, headers) : undefined)
  if (refusal) return refused(message, refusal)
  const opened = openTasks(server, caller, message, limits)
  if ('denied' in opened) return refused(message, opened.denied)
  const x: Exchange = { principal, server: name, era, now, message: opened.message }
  return mapSteps(judgeRequest(server.stages, x, limits), judged =>
    withoutRedactedHeader(judged, opened.message, headers, opened.tasks),
  )
}

function* judgeBatch(judging: Judging, messages: readonly Message[]): Steps<Verdicts> {
  const passed: Message[] = []
  const tasks: OpenedTask[] = []
  const findings: Finding[] = []
  for (const message of messages) {
    const soon = judgeMessage(judging, message)
    const verdicts = isSteps(soon) ? yield* soon : soon
    findings.push(...verdicts.findings)
    if (verdicts.denied) return { messages: passed, tasks, findings, denied: verdicts.denied }
    passed.push(...verdicts.messages)
    tasks.push(...verdicts.tasks)
  }
  return { messages: passed, tasks, findings }
}

/** Judges what a caller sends: method, scope and headers of each message, then the stages. */
export const judgeAll = (judging: Judging, messages: readonly Message[]): MaybeSteps<Verdicts> =>
  messages.length === 1 ? judgeMessage(judging, messages[0]!) : judgeBatch(judging, messages)

/** A batch travels as it came, or is put together again when a stage rewrote one of its messages. */
export function arrayOf(bytes: Buffer, read: readonly Message[], judged: readonly Message[]): Buffer {
  if (judged.every((message, at) => message === read[at])) return bytes
  const parts = judged.flatMap((message, at) => [Buffer.from(at === 0 ? '[' : ','), message.bytes])
  return Buffer.concat([...parts, Buffer.from(']')])
}
