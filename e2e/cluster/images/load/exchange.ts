import { request, type Agent, type IncomingMessage } from 'node:http'

export type Reply = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly text: string }

export type Target = { readonly url: string; readonly key: string }

/** Sends one request, over a kept-alive connection or a new one. It never tries again: what is lost is to be seen. */
export function send(
  { url, key }: Target,
  body: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent | false,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const all = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'x-api-key': key,
      ...headers,
    }
    const method = body === '' ? 'GET' : 'POST'
    const call = request(url, { method, agent, headers: all })
    call.on('response', resolve)
    call.on('error', reject)
    call.end(body)
  })
}

/** Reads an answer to its end; rejects when it is cut off. */
export async function read(message: IncomingMessage): Promise<Reply> {
  let text = ''
  for await (const chunk of message.setEncoding('utf8')) text += String(chunk)
  return { status: message.statusCode ?? 0, headers: message.headers, text }
}

/** The message with this id out of JSON or out of a stream of events; undefined when there is none. */
export function answerTo(id: string, { headers, text }: Reply): { result?: unknown; error?: unknown } | undefined {
  const isStream = headers['content-type']?.startsWith('text/event-stream') === true
  const texts = isStream ? [...text.matchAll(/^data: ?(.+)$/gm)].map(([, data]) => data ?? '') : [text]
  return texts
    .filter(each => each.trim() !== '') // an event that only has an id
    .map(each => JSON.parse(each) as { id?: unknown; result?: unknown; error?: unknown })
    .find(message => message.id === id)
}
