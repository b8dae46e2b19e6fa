import type { Message } from '../exchange.ts'
import { idKey } from '../mcp/id.ts'
import { tokenAt } from '../upstream/stdio/token.ts'

/** A request whose answer may come on a stream or in a body: a message of this call, or one of an earlier call that a stream goes on with. */
export type PendingRequest = Pick<Message, 'shape' | 'id' | 'method' | 'params'> & {
  readonly bytes?: Buffer
  /** The raw progress token, where there are no bytes that hold it. */
  readonly progress?: string | undefined
}

/** The request that an answer with this id answers; ids are compared as tokens, since two beyond 2^53 may be the same number. */
export function pendingUnder(asked: readonly PendingRequest[], id: string | undefined): PendingRequest | undefined {
  if (id === undefined) return undefined
  const key = id.includes('\\') ? idKey(id) : id
  return asked.find(one => one.shape === 'request' && one.id !== undefined && (one.id === key || idKey(one.id) === key))
}

/** The tool that a request calls. */
export function toolOf({ method, params }: PendingRequest): string | undefined {
  const name = method === 'tools/call' ? (params as { name?: unknown } | undefined)?.name : undefined
  return typeof name === 'string' ? name : undefined
}

/** The raw token under which a request asks for progress. */
export function progressTokenOf(asked: PendingRequest): string | undefined {
  const token = asked.progress ?? (asked.bytes && tokenAt(asked.bytes, ['params', '_meta', 'progressToken']))
  return token === undefined ? undefined : idKey(token)
}
