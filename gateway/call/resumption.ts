import { packed, unpacked } from '../sessions/binder.ts'
import type { Principal } from '../exchange.ts'
import type { ServerRuntime } from '../runtime/runtime.ts'
import { holderOf } from '../sessions/tasks.ts'
import { progressTokenOf, toolOf, type PendingRequest } from './pending-request.ts'

/** What a stream goes on with: the server's own event id, and the requests whose answers may still come. */
export type Resumption = { readonly event: string; readonly pending: readonly PendingRequest[] }

/** Other ids could not be sent back in a header, and an id is a cursor, not a text. */
const passable = /^[ -~]{1,512}$/

/** What is said of the requests travels in every event id, so it has a bound; a stream of more cannot be resumed. Characters. */
const maxContext = 2048
const maxSealed = 8192

/** Events of a session are for the caller who opened it, and not for those who hold another. */
const holderIn = (principal: Principal, session: string): string => `event ${holderOf(principal)} ${session}`

/** What is kept of a request: its id, its method, the tool that it calls and the token for its progress. */
const spelled = (asked: PendingRequest): readonly string[] => [
  asked.id ?? '',
  asked.method ?? '',
  toolOf(asked) ?? '',
  progressTokenOf(asked) ?? '',
]

/** Seals the event ids of one stream that answers these requests; undefined where none may be given out. */
export function eventSealer(
  { binder }: ServerRuntime,
  principal: Principal,
  session: string,
  pending: readonly PendingRequest[],
): ((id: string) => string | undefined) | undefined {
  const requests = pending.filter(({ shape, id }) => shape === 'request' && id !== undefined)
  const context = packed(requests.flatMap(spelled))
  if (context.length > maxContext) return undefined
  const holder = holderIn(principal, session)
  return id =>
    passable.test(id) && id.trim() === id
      ? binder.seal(holder, packed([id]) + context).toString('base64url')
      : undefined
}

/** What a client that comes back with an event id goes on with; undefined for an id that was not given out in this session. */
export function resume(
  server: ServerRuntime,
  principal: Principal,
  session: string,
  sealed: string,
): Resumption | undefined {
  if (sealed.length > maxSealed) return undefined
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.toString('base64url') !== sealed) return undefined
  const text = server.binder.open(holderIn(principal, session), bytes)
  if (text === undefined) return undefined
  const [event = '', ...fields] = unpacked(text)
  return { event, pending: [...requestsIn(fields)] }
}

function* requestsIn(fields: readonly string[]): Generator<PendingRequest, void> {
  for (let at = 0; at < fields.length; at += 4) {
    const [id = '', method = '', name = '', progress = ''] = fields.slice(at, at + 4)
    const params = name === '' ? {} : { params: { name } }
    yield { shape: 'request', id, method, ...params, ...(progress !== '' && { progress }) }
  }
}
