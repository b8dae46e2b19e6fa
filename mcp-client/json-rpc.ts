import { request, TooManyValues, type ByteBudget, type ResponseHead, type McpHttpRequest } from './request.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { hasMoreValuesThan } from './value-count.ts'
import { SseDataReader } from './sse-data-reader.ts'
import type { Dispatcher } from 'undici'

type Fields = Readonly<Record<string, unknown>>

/**
 * What is kept of a JSON-RPC answer: a server may say anything in it, so nothing has a type before it was looked at, and a few bytes of it can
 * be large in memory.
 */
export type JsonRpcResult<T> = {
  readonly result?: T
  readonly error?: { readonly code?: number; readonly message?: string; readonly reason?: string }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const hasResult = <T>(answer: JsonRpcResult<T>): answer is JsonRpcResult<T> & { readonly result: T } =>
  'result' in answer

function errorOf(value: unknown): NonNullable<JsonRpcResult<unknown>['error']> {
  if (!isFields(value)) return {}
  const { code, message, data } = value
  const reason = isFields(data) ? data['reason'] : undefined
  return {
    ...(typeof code === 'number' && { code }),
    ...(typeof message === 'string' && { message: short(message) }),
    ...(typeof reason === 'string' && { reason: short(reason) }),
  }
}

/** A copy: a piece of a text would keep the whole of it. */
const short = (text: string): string => Buffer.from(text.slice(0, 1024)).toString()

/** Values of one message that are parsed: twice as many as a gateway hands out. */
export const maxValues = 100_000

/** @throws TooManyValues */
function parsed(text: string): Fields {
  if (hasMoreValuesThan(text, maxValues)) throw new TooManyValues(`the answer has more than ${maxValues} values`)
  try {
    const value = JSON.parse(text) as unknown
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

const read = <T>({ result, error }: Fields, pick: ResultPicker<T>): JsonRpcResult<T> => ({
  ...(isFields(result) && { result: pick(result) }),
  ...(error !== undefined && { error: errorOf(error) }),
})

/** What of a result is kept; the rest is let go at once, before anything is waited for. */
export type ResultPicker<T> = (result: Fields) => T

export type McpResponse<T> = ResponseHead & { readonly answer: JsonRpcResult<T> }

/** A question with its id, and what is picked from its answer. */
export type McpRequest<T> = { readonly question: McpHttpRequest; readonly id: number; readonly pick: ResultPicker<T> }

/**
 * Asks an MCP server, and finds the answer with this id in a body of JSON or in a stream of events, which is not read beyond it.
 * @throws ResponseTooLong
 */
export async function requestMcp<T>(
  client: Dispatcher,
  { question, id, pick }: McpRequest<T>,
  budget: ByteBudget,
  signal: AbortSignal,
): Promise<McpResponse<T>> {
  const bytes = new ByteBuffer()
  let events: SseDataReader | undefined
  let answer: JsonRpcResult<T> | undefined
  const heard = (found: readonly string[]): boolean => {
    for (const text of found) {
      const message = parsed(text)
      if (message['id'] === id) answer ??= read(message, pick)
    }
    return answer !== undefined
  }
  const head = await request(
    client,
    question,
    {
      head({ headers }) {
        if (String(headers['content-type']).startsWith('text/event-stream')) events = new SseDataReader()
        else budget.expect(headers['content-length'])
      },
      data(chunk) {
        budget.spend(chunk.length)
        if (events) return heard(events.push(chunk))
        bytes.push(chunk)
        return false
      },
    },
    signal,
  )
  if (events && !answer) heard(events.end())
  return { ...head, answer: answer ?? (events ? {} : read(parsed(bytes.take().toString()), pick)) }
}
