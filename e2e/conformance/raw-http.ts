import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'

export type Call = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type Answer = {
  readonly status: number
  /** Media type without parameters, empty when there is none. */
  readonly type: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** An answer that streams, of which only the head was read. */
export type Opened = { readonly answer: Answer; close(): void }

const answerOf = (response: IncomingMessage, body: string): Answer => ({
  status: response.statusCode ?? 0,
  type: (response.headers['content-type'] ?? '').split(';')[0]!.trim(),
  headers: response.headers as Record<string, string | undefined>,
  body,
})

async function headOf(url: string, call: Call): Promise<IncomingMessage> {
  const outbound = request(url, { method: call.method, headers: call.headers, agent: false })
  outbound.end(call.body)
  const [response] = (await once(outbound, 'response')) as [IncomingMessage]
  return response
}

/** Sends a request on a connection of its own and reads its whole answer. */
export async function exchange(url: string, call: Call): Promise<Answer> {
  const response = await headOf(url, call)
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk as string
  return answerOf(response, body)
}

/** Sends a request and leaves the answer open after its head. */
export async function opened(url: string, call: Call): Promise<Opened> {
  const response = await headOf(url, call)
  // The other side closing first is no fault where only the head was wanted.
  response.on('error', () => undefined)
  response.resume()
  return { answer: answerOf(response, ''), close: () => response.destroy() }
}
