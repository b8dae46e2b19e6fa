import type { Principal } from '../exchange.ts'
import type { ServerRuntime } from '../runtime.ts'
import { holderOf } from '../tasks.ts'
import type { Admission, Answering } from './admission.ts'
import { progressTokenOf, toolOf, type Asked } from './asked.ts'

/** What a stream goes on with: the server's own event id, and the requests whose answers may still come. */
export type Resumption = { readonly event: string; readonly asked: readonly Asked[] }

/** The requests that this call may bring the answers of. */
export const askedOf = ({ resumed, messages }: Admission): readonly Asked[] => resumed?.asked ?? messages

/** Other ids could not be sent back in a header, and an id is a cursor, not a text. */
const passable = /^[ -~]{1,512}$/

/** What is said of the requests travels in every event id, so it has a bound; a stream of more cannot be resumed. Characters. */
const maxContext = 2048
const maxSealed = 8192

/** Events of a session are for whoever opened it, and for nobody who holds another. */
const holderIn = (principal: Principal, session: string): string => `event ${holderOf(principal)} ${session}`

type Spelled = readonly [id: string, method: string, tool: string, progress: string]

/** Seals the event ids of one stream; undefined where none may be given out. */
export function eventSealer(call: Answering, session: string): ((id: string) => string | undefined) | undefined {
  const { server, caller, admission } = call
  const asked = askedOf(admission).flatMap((one): Spelled[] =>
    one.shape === 'request' && one.id !== undefined
      ? [[one.id, one.method ?? '', toolOf(one) ?? '', progressTokenOf(one) ?? '']]
      : [],
  )
  const context = JSON.stringify(asked)
  if (context.length > maxContext) return undefined
  const holder = holderIn(caller.principal, session)
  return id =>
    passable.test(id) && id.trim() === id
      ? server.binder.seal(holder, `${context}\n${id}`).toString('base64url')
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
  const end = text.indexOf('\n')
  const spelled = JSON.parse(text.slice(0, end)) as readonly Spelled[]
  const asked = spelled.map(([id, method, name, progress]): Asked => ({
    shape: 'request',
    id,
    method,
    ...(name !== '' && { params: { name } }),
    ...(progress !== '' && { progress }),
  }))
  return { event: text.slice(end + 1), asked }
}
