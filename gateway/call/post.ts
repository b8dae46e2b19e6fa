import type { Caller, Message } from '../exchange.ts'
import { comparesName } from '../mcp/headers.ts'
import { readBody } from '../mcp/message.ts'
import { readRequestBody } from '../http/body.ts'
import { callerShare } from '../http/memory.ts'
import { runInTurns } from '../evaluation/turns.ts'
import { releaseBody, ownFault, record, refuse, type RequestContext } from './request-context.ts'
import type { AdmittedCall } from './admitted-call.ts'
import { Call, clientGone } from './answer/call.ts'
import { revalidated, type RoutedRequest } from './decision/revalidate.ts'
import { nameTask, requestHeaders } from './forwarded-headers.ts'
import { arrayOf, eraOfAll, idOf, judgeAll, type Verdicts } from './decision/judge.ts'
import { namedSession } from './decision/named-session.ts'

/** The revision whose sessions know JSON-RPC batches. */
const batchRevision = '2025-03-26'

/** JSON is UTF-8 (RFC 8259 section 8.1). A server that believed another charset would read what nobody judged. */
const json = /^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i

/** Reads the body of a POST whose sender is known and may call the server, and goes on when it is complete. */
export function receive(context: RequestContext, entry: RoutedRequest): void {
  const { services, req } = context
  if (!json.test(req.headers['content-type'] ?? ''))
    return refuse(context, { stage: 'http', code: 'UnsupportedMediaType' })
  if (req.headers['content-encoding'] !== undefined) {
    const text = 'The body must be sent without Content-Encoding.'
    return refuse(context, { stage: 'http', code: 'UnsupportedMediaType', text })
  }
  const share = { held: services.held, owner: callerShare(context.principal ?? '') }
  readRequestBody(context.res, services.limits.maxBytes, share, (refused, bytes) => {
    if (refused !== undefined) return refuse(context, { stage: 'http', code: refused })
    context.reserved = bytes.length
    try {
      admit(context, entry, bytes)
    } catch (error) {
      refuse(context, ownFault(context, error))
    }
  })
}

function admit(context: RequestContext, entry: RoutedRequest, bytes: Buffer): void {
  const read = readBody(bytes, context.services.limits)
  if ('denied' in read) return refuse(context, read.denied)
  const messages = 'batch' in read ? read.batch : [read.message]
  context.message = messages[0]
  judge(context, entry, { bytes, messages, array: 'batch' in read })
}

/** A body as it was read. */
type Body = { readonly bytes: Buffer; readonly messages: readonly Message[]; readonly array: boolean }

const noSession = { session: undefined }

/** Judges a body under the configuration of now, and again if another came into force while it was judged. */
function judge(context: RequestContext, before: RoutedRequest, body: Body): void {
  const { services, req } = context
  const { messages, array } = body
  const entry = revalidated(services, before)
  if ('denied' in entry) return refuse(context, { ...entry.denied, ...idOf(messages[0]) })
  const era = eraOfAll(req.headers, messages)
  if (typeof era !== 'string') return refuse(context, era)
  context.era = era
  const { principal } = entry.identity
  const found = era === 'legacy' ? namedSession(services, entry.server, principal, req.headers) : noSession
  if ('denied' in found) return refuse(context, { ...found.denied, ...idOf(messages[0]) })
  const { session } = found
  if (array && session?.opened.revision !== batchRevision)
    return refuse(context, { stage: 'read', code: 'BatchNotAllowed' })
  const caller: Caller = { principal, server: entry.server.name, era, now: context.started }
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
    if (services.runtime() !== entry.runtime) return judge(context, entry, body)
    if (verdicts.denied) {
      // All before it may pass: the first that may not is the one that the audit line is about.
      context.message = messages[verdicts.messages.length]
      return refuse(context, verdicts.denied, verdicts.findings)
    }
    const { identity, server } = entry
    const { tasks } = verdicts
    const admitted = { context, identity, server, caller, messages: verdicts.messages, session, tasks }
    if (endsAtGateway(admitted)) accept(admitted, verdicts)
    else send(admitted, body, verdicts)
  }
  const owner = context.principal ?? ''
  const failed = (error: unknown): void => {
    judging = false
    refuse(context, ownFault(context, error))
  }
  runInTurns(judgeAll(given, messages), { owner, isWanted: () => judging }, done, failed)
  if (!judging) return
  context.res.once('close', () => {
    if (!judging) return
    judging = false
    leave(context)
  })
}

/** A client that left before its request was judged needs no verdict, and what it sent is held no longer. */
function leave(context: RequestContext): void {
  releaseBody(context)
  const detail = 'the client left before its request was judged'
  record(context, { event: 'mcp_call', verdict: 'deny', stage: 'http', status: clientGone, detail })
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
const endsAtGateway = ({ messages: [message], session }: AdmittedCall): boolean =>
  session === undefined && message?.shape === 'notification' && namesRequest.has(message.method ?? '')

/** Takes a notification as a server would that has nothing to do about it. */
function accept({ context, server }: AdmittedCall, { findings }: Verdicts): void {
  const { services, res } = context
  releaseBody(context)
  const detail = 'it names a request and no session, so it goes no further'
  const found = findings.length > 0 ? findings : undefined
  record(context, { event: 'mcp_call', verdict: 'allow', status: 202, detail, findings: found })
  services.metrics.decision(server.name, 'Allowed')
  services.metrics.request(server.name, 202, services.now() - context.started)
  if (res.destroyed) return
  res.writeHead(202, { 'Content-Length': '0', ...(services.phase() !== 'serving' && { Connection: 'close' }) })
  res.end()
}

function send(admitted: AdmittedCall, body: Body, { messages, findings, tasks }: Verdicts): void {
  const { context, caller, server, session } = admitted
  // What was found in a batch stands in the line of its first message, once.
  let found = findings.length > 0 ? findings : undefined
  for (const message of messages) {
    context.message = message
    record(context, { event: 'mcp_call', verdict: 'allow', findings: found })
    found = undefined
  }
  context.services.metrics.decision(server.name, 'Allowed')
  const [first] = messages as readonly [Message, ...Message[]]
  const headers = requestHeaders(context.req.headers, caller.era, session?.opened.upstream, comparesName(first))
  if (tasks.length > 0 && headers['mcp-name'] !== undefined) nameTask(headers, first)
  new Call(admitted).open({
    method: 'POST',
    headers,
    body: body.array ? arrayOf(body.bytes, body.messages, messages) : first.bytes,
    messages,
    principal: caller.principal,
  })
}
