import type { IncomingHttpHeaders } from 'node:http'
import type { ErrorCode } from '../errors.ts'
import type { Caller, Denial, Era, Exchange, Finding, Message, ReadLimits, Stage, Steps } from '../exchange.ts'
import { eraOf } from '../mcp/era.ts'
import { checkHeaders } from '../mcp/headers.ts'
import { readBody } from '../mcp/message.ts'
import { methodRow } from '../mcp/methods.ts'
import { judgeRequest } from '../pipeline.ts'

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
    era = answer.era
  }
  return messages.length > 1 && era === 'modern' ? { stage: 'read', code: 'BatchNotAllowed' } : era
}

/** Methods are refused unless the table knows them; a response has none and answers a request of the server. */
function outOfOrder({ principal, era }: Caller, message: Message): Denial | undefined {
  const deny = (code: ErrorCode, detail: string): Denial => ({ stage: 'methods', code, detail })
  if (message.shape === 'response') {
    if (era === 'modern') return deny('InvalidRequest', 'a response in an era that has no requests of the server')
    return principal.grants.allowsScope('gateway:execute') ? undefined : deny('InsufficientScope', 'gateway:execute')
  }
  const row = methodRow(message, era, 'client')
  if (!row) return deny('MethodNotFound', `${era} method ${JSON.stringify(message.method?.slice(0, 128))}`)
  return principal.grants.allowsScope(row.scope) ? undefined : deny('InsufficientScope', row.scope)
}

/** All messages of a body may pass, as they stand here; or one may not, and then none does. */
export type Verdicts = {
  readonly messages: readonly Message[]
  readonly findings: readonly Finding[]
  readonly denied?: Denial
}

export type Judging = {
  readonly caller: Caller
  readonly stages: readonly Stage[]
  readonly headers: IncomingHttpHeaders
  readonly limits: ReadLimits
}

/** Judges what a caller sends: method, scope and headers of each message, then the stages. */
export function* judgeAll({ caller, stages, headers, limits }: Judging, messages: readonly Message[]): Steps<Verdicts> {
  const passed: Message[] = []
  let findings: readonly Finding[] = []
  for (const message of messages) {
    const refusal =
      outOfOrder(caller, message) ?? (caller.era === 'modern' ? checkHeaders(message, headers) : undefined)
    if (refusal) return { messages: passed, findings, denied: { ...refusal, ...idOf(message) } }
    const { principal, server, era, now } = caller
    const x: Exchange = { principal, server, era, now, message }
    const judged = yield* judgeRequest(stages, x, bytes => readBody(bytes, limits))
    if (judged.findings.length > 0) findings = [...findings, ...judged.findings]
    if (judged.denied) return { messages: passed, findings, denied: judged.denied }
    passed.push(judged.message)
  }
  return { messages: passed, findings }
}

/** A batch travels as it came, or is put together again when a stage rewrote one of its messages. */
export function arrayOf(bytes: Buffer, read: readonly Message[], judged: readonly Message[]): Buffer {
  if (judged.every((message, at) => message === read[at])) return bytes
  const parts = judged.flatMap((message, at) => [Buffer.from(at === 0 ? '[' : ','), message.bytes])
  return Buffer.concat([...parts, Buffer.from(']')])
}
