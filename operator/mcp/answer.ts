import { ask, type Budget, type Head, type Question } from './ask.ts'
import { Bytes } from './bytes.ts'
import { EventData } from './event-data.ts'
import type { Dispatcher } from 'undici'

type Fields = Readonly<Record<string, unknown>>

/** A JSON-RPC answer: what it says is anybody's to make up, so nothing in it has a type before it was looked at. */
export type Answer = {
  readonly result?: Fields
  readonly error?: { readonly code?: number; readonly message?: string; readonly reason?: string }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function errorOf(value: unknown): NonNullable<Answer['error']> {
  if (!isFields(value)) return {}
  const { code, message, data } = value
  const reason = isFields(data) ? data['reason'] : undefined
  return {
    ...(typeof code === 'number' && { code }),
    ...(typeof message === 'string' && { message }),
    ...(typeof reason === 'string' && { reason }),
  }
}

function parsed(text: string): Fields {
  try {
    const value = JSON.parse(text) as unknown
    return isFields(value) ? value : {}
  } catch {
    return {}
  }
}

const read = ({ result, error }: Fields): Answer => ({
  ...(isFields(result) && { result }),
  ...(error !== undefined && { error: errorOf(error) }),
})

export type Told = Head & { readonly answer: Answer }

/**
 * Asks an MCP server, and finds the answer with this id in a body of JSON or in a stream of events, which is not read beyond it.
 * @throws TooLong
 */
export async function askMcp(
  client: Dispatcher,
  question: Question,
  id: number,
  budget: Budget,
  signal: AbortSignal,
): Promise<Told> {
  const bytes = new Bytes()
  let events: EventData | undefined
  let answer: Fields | undefined
  const heard = (found: readonly string[]): boolean => {
    answer ??= found.map(parsed).find(message => message['id'] === id)
    return answer !== undefined
  }
  const head = await ask(
    client,
    question,
    {
      head({ headers }) {
        if (String(headers['content-type']).startsWith('text/event-stream')) events = new EventData()
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
  return { ...head, answer: read(answer ?? (events ? {} : parsed(bytes.take().toString()))) }
}
