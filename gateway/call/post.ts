import type { Caller, Message } from '../exchange.ts'
import { comparesName } from '../mcp/headers.ts'
import { readBody } from '../mcp/message.ts'
import { readRequestBody } from '../http/body.ts'
import { callerShare } from '../http/memory.ts'
import { inTurns } from '../evaluation/turns.ts'
import { giveBack, ownFault, record, refuse, type Attempt } from './request-context.ts'
import type { Admission } from './admitted-call.ts'
import { Call, clientGone } from './answer/call.ts'
import { renewed, type Entry } from './decision/revalidate.ts'
import { nameTask, requestHeaders } from './forwarded-headers.ts'
import { arrayOf, eraOfAll, idOf, judgeAll, type Verdicts } from './decision/judge.ts'
import { sessionOf } from './decision/named-session.ts'

/** The revision whose sessions know JSON-RPC batches. */
const batchRevision = '2025-03-26'

/** JSON is UTF-8 (RFC 8259 section 8.1). A server that believed another charset would read what nobody judged. */
const json = /^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i

/** Reads the body of a POST whose sender is known and may call the server, and goes on when it is complete. */
export function receive(attempt: Attempt, entry: Entry): void {
  const { services, req } = attempt
  if (!json.test(req.headers['content-type'] ?? ''))
    return refuse(attempt, { stage: 'http', code: 'UnsupportedMediaType' })
  if (req.headers['content-encoding'] !== undefined) {
    const text = 'The body must be sent without Content-Encoding.'
    return refuse(attempt, { stage: 'http', code: 'UnsupportedMediaType', text })
  }
  const share = { held: services.held, owner: callerShare(attempt.principal ?? '') }
  readRequestBody(attempt.res, services.limits.maxBytes, share, (refused, bytes) => {
    if (refused !== undefined) return refuse(attempt, { stage: 'http', code: refused })
    attempt.reserved = bytes.length
    try {
      admit(attempt, entry, bytes)
    } catch (error) {
      refuse(attempt, ownFault(attempt, error))
    }
  })
}

function admit(attempt: Attempt, entry: Entry, bytes: Buffer): void {
  const read = readBody(bytes, attempt.services.limits)
  if ('denied' in read) return refuse(attempt, read.denied)
  const messages = 'batch' in read ? read.batch : [read.message]
  attempt.message = messages[0]
  judge(attempt, entry, { bytes, messages, array: 'batch' in read })
}

/** A body as it was read. */
type Body = { readonly bytes: Buffer; readonly messages: readonly Message[]; readonly array: boolean }

const noSession = { session: undefined }

/** Judges a body under the configuration of now, and again if another came into force while it was judged. */
function judge(attempt: Attempt, before: Entry, body: Body): void {
  const { services, req } = attempt
  const { messages, array } = body
  const entry = renewed(services, before)
  if ('denied' in entry) return refuse(attempt, { ...entry.denied, ...idOf(messages[0]) })
  const era = eraOfAll(req.headers, messages)
  if (typeof era !== 'string') return refuse(attempt, era)
  attempt.era = era
  const { principal } = entry.identity
  const found = era === 'legacy' ? sessionOf(services, entry.server, principal, req.headers) : noSession
  if ('denied' in found) return refuse(attempt, { ...found.denied, ...idOf(messages[0]) })
  const { session } = found
  if (array && session?.opened.revision !== batchRevision)
    return refuse(attempt, { stage: 'read', code: 'BatchNotAllowed' })
  const caller: Caller = { principal, server: entry.server.name, era, now: attempt.started }
  const given = {
    caller,
    inSession: session !== undefined,
    server: entry.server,
    headers: req.headers,
    limits: services.limits,
  }
  let judging = true
  const done = (verdicts: Verdicts): void => {
    judging = false
    if (services.runtime() !== entry.runtime) return judge(attempt, entry, body)
    if (verdicts.denied) {
      // All before it may pass: the first that may not is the one that the audit line is about.
      attempt.message = messages[verdicts.messages.length]
      return refuse(attempt, verdicts.denied, verdicts.findings)
    }
    const { identity, server } = entry
    const { tasks } = verdicts
    const admission = { attempt, identity, server, caller, messages: verdicts.messages, session, tasks }
    if (endsAtGateway(admission)) accept(admission, verdicts)
    else send(admission, body, verdicts)
  }
  const owner = attempt.principal ?? ''
  const failed = (error: unknown): void => {
    judging = false
    refuse(attempt, ownFault(attempt, error))
  }
  inTurns(judgeAll(given, messages), { owner, isWanted: () => judging }, done, failed)
  if (!judging) return
  attempt.res.once('close', () => {
    if (!judging) return
    judging = false
    leave(attempt)
  })
}

/** A client that left before its request was judged needs no verdict, and what it sent is held no longer. */
function leave(attempt: Attempt): void {
  giveBack(attempt)
  const detail = 'the client left before its request was judged'
  record(attempt, { event: 'mcp_call', verdict: 'deny', stage: 'http', status: clientGone, detail })
}

/** Notifications that name a request, a token or a task by an id that others may use as well. */
const namesRequest: ReadonlySet<string> = new Set([
  'notifications/cancelled',
  'notifications/progress',
  'notifications/tasks/status',
])

/**
 * Whether a notification goes no further: outside of a session it could cancel the request of another caller that has the same id. Clients of
 * 2026-07-28 cancel by closing the stream.
 */
const endsAtGateway = ({ messages: [message], session }: Admission): boolean =>
  session === undefined && message?.shape === 'notification' && namesRequest.has(message.method ?? '')

/** Takes a notification as a server would that has nothing to do about it. */
function accept({ attempt, server }: Admission, { findings }: Verdicts): void {
  const { services, res } = attempt
  giveBack(attempt)
  const detail = 'it names a request and no session, so it goes no further'
  const found = findings.length > 0 ? findings : undefined
  record(attempt, { event: 'mcp_call', verdict: 'allow', status: 202, detail, findings: found })
  services.metrics.decision(server.name, 'Allowed')
  services.metrics.request(server.name, 202, services.now() - attempt.started)
  if (res.destroyed) return
  res.writeHead(202, { 'Content-Length': '0', ...(services.phase() !== 'serving' && { Connection: 'close' }) })
  res.end()
}

function send(admission: Admission, body: Body, { messages, findings, tasks }: Verdicts): void {
  const { attempt, caller, server, session } = admission
  // What was found in a batch stands in the line of its first message, once.
  let found = findings.length > 0 ? findings : undefined
  for (const message of messages) {
    attempt.message = message
    record(attempt, { event: 'mcp_call', verdict: 'allow', findings: found })
    found = undefined
  }
  attempt.services.metrics.decision(server.name, 'Allowed')
  const [first] = messages as readonly [Message, ...Message[]]
  const headers = requestHeaders(attempt.req.headers, caller.era, session?.opened.upstream, comparesName(first))
  if (tasks.length > 0 && headers['mcp-name'] !== undefined) nameTask(headers, first)
  new Call(admission).open({
    method: 'POST',
    headers,
    body: body.array ? arrayOf(body.bytes, body.messages, messages) : first.bytes,
    messages,
    principal: caller.principal,
  })
}
