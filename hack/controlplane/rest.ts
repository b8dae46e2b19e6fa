import { once } from 'node:events'
import { Agent, request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import type { Credentials } from './credentials.ts'

/** What an API server answers and sends. Tests look into it by path; nothing is checked here. */
export type Json = { readonly [field: string]: unknown }
export type Answer = { readonly status: number; readonly body: Json }
export type Event = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; readonly object: Json }

/**
 * The plainest client of an API server that does: over `node:https`, without caches and retries. Tests look with it at what the operator did with
 * its own client.
 */
export type Rest = {
  /** @param type content type of the body; JSON, or for PATCH a merge patch, unless said otherwise */
  request(method: string, path: string, body?: unknown, type?: string): Promise<Answer>
  /** Calls back for every event of one connection; resolves when it ends, rejects when it breaks. */
  watch(path: string, seen: (event: Event) => void, signal: AbortSignal): Promise<void>
  close(): void
}

type Call = { method: string; path: string; body?: string; type: string; signal?: AbortSignal }

const defaultType = (method: string): string =>
  method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'

async function textOf(message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of message.setEncoding('utf8')) text += String(chunk)
  return text
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return { message: text } // readyz and some refusals are plain text
  }
}

export function rest({ server, ca, cert, key, token }: Credentials): Rest {
  const agent = new Agent({ keepAlive: true, ca, ...(cert === undefined ? {} : { cert, key }) })
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }

  async function send({ method, path, body, type, signal }: Call): Promise<IncomingMessage> {
    // Node sends no length with the body of a DELETE by itself, and the server then sees none.
    const about = body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }
    const headers = { accept: 'application/json', ...authorization, ...about }
    const call = request(`${server}${path}`, { method, agent, headers, ...(signal === undefined ? {} : { signal }) })
    call.end(body)
    const [message] = (await once(call, 'response')) as [IncomingMessage]
    return message
  }

  return {
    async request(method, path, body, type = defaultType(method)) {
      const text = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const message = await send({ method, path, type, signal: AbortSignal.timeout(20_000), ...text })
      return { status: message.statusCode ?? 0, body: parsed(await textOf(message)) }
    },
    async watch(path, seen, signal) {
      const message = await send({ method: 'GET', path, type: '', signal })
      if (message.statusCode !== 200) throw new Error(`watch ${path}: ${message.statusCode} ${await textOf(message)}`)
      for await (const line of createInterface({ input: message })) seen(JSON.parse(line) as Event)
    },
    close: () => agent.destroy(),
  }
}
