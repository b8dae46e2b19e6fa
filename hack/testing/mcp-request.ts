import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { keep } from '../minted.ts'

export type Reply = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export type Sending = {
  readonly method?: string
  readonly path?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

const accept = 'application/json, text/event-stream'

/** Sends a request and gives the open answer, as soon as its head is there. */
export function open(
  url: string,
  { method = 'POST', path = '/mcp', key, headers = {}, body }: Sending,
): Promise<IncomingMessage & { cancel(): void }> {
  return new Promise((resolve, reject) => {
    const req = request(new URL(path, url), {
      method,
      agent: false,
      headers: {
        accept,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'x-api-key': key }),
        ...headers,
      },
    })
    req.on('response', res => resolve(Object.assign(res, { cancel: () => req.destroy() })))
    req.on('error', reject)
    req.end(body)
  })
}

/** Sends a request and reads the whole answer. Refusals are kept for the search for leaked secrets. */
export async function send(url: string, sending: Sending): Promise<Reply> {
  const res = await open(url, sending)
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  const status = res.statusCode ?? 0
  if (status >= 400) keep('error', 'wire', `${res.rawHeaders.join('\n')}\n${body}\n`)
  return { status, headers: res.headers, rawHeaders: res.rawHeaders, body }
}

/** Waits until there is more to read or the answer has ended, and leaves no listener behind. */
function changed(res: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    const seen = (): void => {
      res.off('readable', seen)
      res.off('close', seen)
      resolve()
    }
    res.on('readable', seen)
    res.on('close', seen)
  })
}

/** Reads an open answer until it holds `text`; what came so far. */
export async function until(res: IncomingMessage, text: string): Promise<string> {
  let read = ''
  while (!read.includes(text)) {
    const chunk = res.read() as Buffer | null
    if (chunk) read += chunk.toString()
    else if (res.closed) throw new Error(`the stream ended after: ${read}`)
    else await changed(res)
  }
  return read
}

/** Reads an open answer to its end; `broken` tells that it was cut off. */
export async function rest(res: IncomingMessage): Promise<{ readonly text: string; readonly broken: boolean }> {
  let text = ''
  try {
    for await (const chunk of res) text += (chunk as Buffer).toString()
    return { text, broken: false }
  } catch {
    return { text, broken: true }
  }
}

const meta =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'

/** Outside of plain ASCII a header value travels as base64 (MCP 2026-07-28, headers). */
const headerValue = (text: string): string =>
  /^[\x21-\x7e]*$/.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`

/** A modern request with its headers: body and headers agree. */
export function modern(
  method: string,
  id: string | number,
  params = '',
  name?: string,
): Pick<Sending, 'body' | 'headers'> {
  const members = params === '' ? meta : `${params},${meta}`
  return {
    body: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"${method}","params":{${members}}}`,
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': headerValue(name) }),
    },
  }
}

/** A modern call of a tool. */
export const callTool = (tool: string, id: string | number, args = '{}'): Pick<Sending, 'body' | 'headers'> =>
  modern('tools/call', id, `"name":${JSON.stringify(tool)},"arguments":${args}`, tool)

/** The request by which a client of the revisions with sessions begins. */
export const initializing = (revision = '2025-11-25', client = 'c'): { readonly body: string } => ({
  body: `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":${JSON.stringify(revision)},"capabilities":{},"clientInfo":{"name":"${client}","version":"1"}}}`,
})

/** Opens a session; its id. */
export async function openSession(url: string, sending: Sending, revision?: string): Promise<string> {
  const { headers } = await send(url, { ...sending, ...initializing(revision) })
  return headers['mcp-session-id'] as string
}
