import type { Identity } from '../auth/authenticator.ts'
import type { ErrorCode } from '../errors.ts'
import type { Caller, Denial, Era, Exchange, Finding, Message } from '../exchange.ts'
import { eraOf } from '../mcp/era.ts'
import { checkHeaders } from '../mcp/headers.ts'
import { readBody } from '../mcp/message.ts'
import { methodRow } from '../mcp/methods.ts'
import { judgeRequest } from '../pipeline.ts'
import type { ServerRuntime } from '../runtime.ts'
import { readRequestBody } from '../http/body.ts'
import { record, refuse, type Attempt } from './attempt.ts'
import { Call, type Admission } from './call.ts'
import { requestHeaders } from './forwarded.ts'
import { sessionOf } from './session-of.ts'

/** A POST whose sender is known and may call this server. */
export type Incoming = { readonly attempt: Attempt; readonly identity: Identity; readonly server: ServerRuntime }

/** The revision whose sessions know JSON-RPC batches. */
const batchRevision = '2025-03-26'

const json = /^application\/json[ \t]*(;|$)/i

/** Reads the body of a POST and goes on when it is complete. */
export function receive(incoming: Incoming): void {
  const { attempt } = incoming
  const { services, req } = attempt
  if (!json.test(req.headers['content-type'] ?? ''))
    return refuse(attempt, { stage: 'http', code: 'UnsupportedMediaType' })
  if (req.headers['content-encoding'] !== undefined) {
    return refuse(attempt, {
      stage: 'http',
      code: 'UnsupportedMediaType',
      text: 'The body must be sent without Content-Encoding.',
    })
  }
  readRequestBody(req, services.limits.maxBytes, services.held, (refused, bytes) => {
    if (refused !== undefined) refuse(attempt, { stage: 'http', code: refused })
    else admit(incoming, bytes)
  })
}

/** From here on the bytes are reserved: every refusal gives them back. */
function admit(incoming: Incoming, bytes: Buffer): void {
  const { attempt } = incoming
  const reserved = bytes.length
  const deny = (denial: Denial, findings?: readonly Finding[]): void => {
    attempt.services.held.give(reserved)
    refuse(attempt, denial, findings)
  }
  const read = readBody(bytes, attempt.services.limits)
  if ('denied' in read) return deny(read.denied)
  const array = 'batch' in read
  const messages = array ? read.batch : [read.message]
  attempt.message = messages[0]
  const era = eraOfAll(attempt, messages)
  if (typeof era !== 'string') return deny(era)
  attempt.era = era
  const session =
    era === 'legacy'
      ? sessionOf(attempt.services, incoming.server, incoming.identity.principal, attempt.req.headers)
      : noSession
  if ('denied' in session) return deny({ ...session.denied, ...idOf(messages[0]!) })
  if (array && session.session?.opened.revision !== batchRevision)
    return deny({ stage: 'read', code: 'BatchNotAllowed' })
  const caller: Caller = {
    principal: incoming.identity.principal,
    server: incoming.server.name,
    era,
    now: attempt.started,
  }
  const verdict = judgeAll(incoming, caller, messages)
  if ('denied' in verdict) return deny(verdict.denied, verdict.findings)
  const sent = array ? arrayOf(bytes, messages, verdict.messages) : verdict.messages[0]!.bytes
  send(
    {
      attempt,
      identity: incoming.identity,
      server: incoming.server,
      caller,
      messages: verdict.messages,
      session: session.session,
      reserved,
    },
    sent,
    verdict.findings,
  )
}

const noSession = { session: undefined }

const idOf = (message: Message): { id?: string } => (message.id === undefined ? {} : { id: message.id })

/** The era of a body. Batches exist in the legacy era only, whatever their messages claim. */
function eraOfAll(attempt: Attempt, messages: readonly Message[]): Era | Denial {
  const header = attempt.req.headers['mcp-protocol-version']
  let era: Era = 'legacy'
  for (const message of messages) {
    const answer = eraOf(message, typeof header === 'string' ? header : undefined)
    if ('code' in answer) return answer
    era = answer.era
  }
  return messages.length > 1 && era === 'modern' ? { stage: 'read', code: 'BatchNotAllowed' } : era
}

type Passed = { readonly messages: readonly Message[]; readonly findings: readonly Finding[] }

function judgeAll(
  incoming: Incoming,
  caller: Caller,
  messages: readonly Message[],
): Passed | { denied: Denial; findings: readonly Finding[] } {
  const { services, req } = incoming.attempt
  const passed: Message[] = []
  let findings: readonly Finding[] = []
  for (const message of messages) {
    const refusal =
      outOfOrder(caller, message) ?? (caller.era === 'modern' ? checkHeaders(message, req.headers) : undefined)
    if (refusal) return { denied: { ...refusal, ...idOf(message) }, findings }
    const x: Exchange = { ...caller, message }
    const judged = judgeRequest(incoming.server.stages, x, bytes => readBody(bytes, services.limits))
    if (judged.findings.length > 0) findings = [...findings, ...judged.findings]
    if (judged.denied) return { denied: judged.denied, findings }
    passed.push(judged.message)
  }
  return { messages: passed, findings }
}

/** A batch travels as it came, or is put together again when a stage rewrote one of its messages. */
function arrayOf(bytes: Buffer, read: readonly Message[], judged: readonly Message[]): Buffer {
  if (judged.every((message, at) => message === read[at])) return bytes
  const parts = judged.flatMap((message, at) => [Buffer.from(at === 0 ? '[' : ','), message.bytes])
  return Buffer.concat([...parts, Buffer.from(']')])
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

function send(admission: Admission, body: Buffer, findings: readonly Finding[]): void {
  const { attempt, caller, server, session, messages } = admission
  record(attempt, { event: 'mcp_call', verdict: 'allow', findings: findings.length > 0 ? findings : undefined })
  attempt.services.metrics.decision(server.name, 'Allowed')
  new Call(admission).open({
    method: 'POST',
    headers: requestHeaders(attempt.req.headers, caller.era, session?.opened.upstream),
    body,
    messages,
    principal: caller.principal,
  })
}
