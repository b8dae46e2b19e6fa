import type { Caller, Denial, Message } from '../../exchange.ts'
import type { BodyRead } from '../../http/body.ts'
import { readBody } from '../../mcp/message.ts'
import type { NamedSession } from '../admitted-call.ts'
import { refused, type Outcome } from '../outcome.ts'
import type { RequestContext } from '../request-context.ts'
import { eraOfAll, idOf } from './judge.ts'
import { namedSession, noSession } from './named-session.ts'
import type { RoutedRequest } from './revalidate.ts'

/** A body as it was read. */
export type RequestBody = { readonly bytes: Buffer; readonly messages: readonly Message[]; readonly isArray: boolean }

/** Reads once and strictly what has arrived; or the outcome of a request whose body cannot be read. */
export function bodyOf(context: RequestContext, arrived: BodyRead): RequestBody | Outcome {
  if ('left' in arrived) return { kind: 'left', unread: true }
  if ('refused' in arrived) return refused({ stage: 'http', code: arrived.refused })
  const { bytes } = arrived
  context.reserved = bytes.length
  context.isRead = true
  const read = readBody(bytes, context.services.limits)
  if ('denied' in read) return refused(read.denied)
  const messages = 'batch' in read ? read.batch : [read.message]
  context.message = messages[0]
  return { bytes, messages, isArray: 'batch' in read }
}

/** The revision whose sessions know JSON-RPC batches. */
const batchRevision = '2025-03-26'

/** Who sent a body, in which era and in which session. */
export type SessionCaller = { readonly caller: Caller; readonly session: NamedSession | undefined }

export function senderOf(
  context: RequestContext,
  { identity: { principal }, server }: RoutedRequest,
  { messages, isArray }: RequestBody,
): SessionCaller | { readonly denied: Denial } {
  const { services, req, started } = context
  const era = eraOfAll(req.headers, messages)
  if (typeof era !== 'string') return { denied: era }
  context.era = era
  const found = era === 'legacy' ? namedSession(services, server, principal, req.headers) : noSession
  if ('denied' in found) return { denied: { ...found.denied, ...idOf(messages[0]) } }
  const { session } = found
  if (isArray && session?.opened.revision !== batchRevision)
    return { denied: { stage: 'read', code: 'BatchNotAllowed' } }
  return { caller: { principal, server: server.name, era, now: started }, session }
}

/** A batch travels as it came, or is put together again when a stage rewrote one of its messages. */
export function bytesOf({ bytes, messages, isArray }: RequestBody, judged: readonly Message[]): Buffer {
  if (!isArray) return judged[0]!.bytes
  if (judged.every((message, at) => message === messages[at])) return bytes
  const parts = judged.flatMap((message, at) => [Buffer.from(at === 0 ? '[' : ','), message.bytes])
  return Buffer.concat([...parts, Buffer.from(']')])
}
