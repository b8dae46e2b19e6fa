import { Complaint } from './complaint.ts'

/** A tool as a list shows it. */
export type ListedTool = { readonly name: string; readonly description?: string }

type Answer = {
  readonly id?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code?: number; readonly message?: string }
}
type Reply = { readonly status: number; readonly session: string | null; readonly answer: Answer }

const modern = '2026-07-28'
const legacy = '2025-11-25'
/** Error codes by which a server of the modern era answers a request that it does not like (MCP 2026-07-28, lifecycle). */
const modernCodes = new Set([-32020, -32021, -32022])
const maxPages = 100
const clientInfo = { name: 'bartizan', version: '0.1.0' }

/** The data of the events of an event stream that has come as far as `text`. */
const eventsOf = (text: string): string[] =>
  text
    .split(/\r?\n\r?\n/)
    .map(event =>
      event
        .split(/\r?\n/)
        .filter(line => line.startsWith('data:'))
        .map(line => line.slice(5).trimStart())
        .join('\n'),
    )
    .filter(data => data !== '')

function parsed(text: string): Answer {
  try {
    return JSON.parse(text) as Answer
  } catch {
    return {}
  }
}

/** The answer to request `id`, from a JSON body or from an event stream that may go on after it. */
async function answerOf(response: Response, id: number): Promise<Answer> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return parsed(await response.text())
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const found = eventsOf(text)
      .map(parsed)
      .find(message => message.id === id)
    if (found) return found
  }
  return {}
}

/** Speaks as much MCP as a list of tools needs, to one server and with one key. */
export class ToolLister {
  readonly #url: string
  readonly #key: string | undefined
  #headers: Record<string, string> = {}
  #meta: Record<string, unknown> | undefined
  #id = 0

  constructor(url: string, key: string | undefined) {
    this.#url = url
    this.#key = key
  }

  /**
   * All tools that the caller may see.
   * @throws Complaint with what the server or the gateway said
   */
  async list(): Promise<ListedTool[]> {
    await this.#settle()
    const tools: ListedTool[] = []
    let cursor: unknown
    for (let page = 0; page < maxPages; page++) {
      const { result } = this.#required(await this.#request('tools/list', cursor === undefined ? {} : { cursor }))
      if (Array.isArray(result?.['tools'])) tools.push(...(result['tools'] as ListedTool[]))
      cursor = result?.['nextCursor']
      if (cursor === undefined) break
    }
    await this.#leave()
    return tools
  }

  /** Finds out the era: the modern request first, and `initialize` unless the answer is one of that era. */
  async #settle(): Promise<void> {
    this.#meta = {
      'io.modelcontextprotocol/protocolVersion': modern,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': clientInfo,
    }
    this.#headers = { 'MCP-Protocol-Version': modern }
    const probe = await this.#request('server/discover', {})
    if (probe.answer.result || modernCodes.has(probe.answer.error?.code ?? 0)) return
    // Who is refused as a caller learns nothing about the era.
    if ([401, 403].includes(probe.status) || probe.status >= 500) this.#required(probe)
    this.#meta = undefined
    this.#headers = {}
    const opened = await this.#request('initialize', { protocolVersion: legacy, capabilities: {}, clientInfo })
    const { result } = this.#required(opened)
    this.#headers = {
      'MCP-Protocol-Version': typeof result?.['protocolVersion'] === 'string' ? result['protocolVersion'] : legacy,
      ...(opened.session !== null && { 'Mcp-Session-Id': opened.session }),
    }
    await (await this.#send('POST', { jsonrpc: '2.0', method: 'notifications/initialized' })).body?.cancel()
  }

  async #leave(): Promise<void> {
    if (this.#headers['Mcp-Session-Id'] !== undefined) await (await this.#send('DELETE')).body?.cancel()
  }

  async #request(method: string, params: Record<string, unknown>): Promise<Reply> {
    const id = ++this.#id
    const full = this.#meta ? { ...params, _meta: this.#meta } : params
    const response = await this.#send('POST', { jsonrpc: '2.0', id, method, params: full }, method)
    const answer = await answerOf(response, id)
    return { status: response.status, session: response.headers.get('mcp-session-id'), answer }
  }

  async #send(method: 'POST' | 'DELETE', message?: object, name?: string): Promise<Response> {
    try {
      return await fetch(this.#url, {
        method,
        redirect: 'error',
        headers: {
          ...this.#headers,
          ...(this.#key !== undefined && { 'X-API-Key': this.#key }),
          ...(message && { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' }),
          ...(this.#meta && name !== undefined && { 'Mcp-Method': name }),
        },
        ...(message && { body: JSON.stringify(message) }),
      })
    } catch (error) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
      throw new Complaint(`${this.#url}: no answer (${cause?.code ?? (error as Error).message})`)
    }
  }

  #required({ status, answer }: Reply): Answer {
    if (answer.result) return answer
    throw new Complaint(`${this.#url}: HTTP ${status}: ${answer.error?.message ?? 'the answer is no MCP message'}`)
  }
}
