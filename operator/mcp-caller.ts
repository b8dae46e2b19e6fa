import type { Dispatcher } from 'undici'
import { dial, readText, type Address } from './gateway-dial.ts'

export type Answer = {
  readonly id?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code?: number; readonly message?: string }
}
export type Reply = { readonly status: number; readonly session: string | undefined; readonly answer: Answer }

/** The gateway or the server behind it said no, in its words. */
export class Refused extends Error {
  override name = 'Refused'
  readonly status: number

  constructor(status: number, text: string) {
    super(text)
    this.status = status
  }
}

export const modernRevision = '2026-07-28'
export const legacyRevision = '2025-11-25'
/** Error codes by which a server of the modern era answers a request that it does not like (MCP 2026-07-28, lifecycle). */
const modernCodes = new Set([-32_020, -32_021, -32_022])
const maxLength = 8 * 1024 * 1024
const clientInfo = { name: 'bartizan-operator', version: '0.1.0' }

const dataOf = (event: string): string =>
  event
    .split(/\r?\n/)
    .filter(line => line.startsWith('data:'))
    .map(line => line.slice(5).trimStart())
    .join('\n')

function parsed(text: string): Answer {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

const answerIn = (text: string, id: number): Answer | undefined =>
  text
    .split(/\r?\n\r?\n/)
    .map(dataOf)
    .filter(data => data !== '')
    .map(parsed)
    .find(message => message.id === id)

/** Speaks MCP to one gateway as its operator, in the era that the server behind it is of. */
export class McpCaller {
  readonly #client: Dispatcher
  readonly #address: Address
  readonly #path: string
  readonly #token: string
  readonly #signal: AbortSignal
  #headers: Record<string, string> = {}
  #meta: Record<string, unknown> | undefined
  #id = 0
  revision = modernRevision

  constructor(address: Address, path: string, token: string, signal: AbortSignal) {
    this.#address = address
    this.#path = path
    this.#token = token
    this.#signal = signal
    this.#client = dial(address)
  }

  /** Finds out the era: the modern request first, and `initialize` unless the answer is one of that era. Gives back what the server says of itself. */
  async open(): Promise<Record<string, unknown>> {
    this.#meta = {
      'io.modelcontextprotocol/protocolVersion': modernRevision,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': clientInfo,
    }
    this.#headers = { 'mcp-protocol-version': modernRevision }
    const probe = await this.#request('server/discover', {})
    if (probe.answer.result) return probe.answer.result
    if (modernCodes.has(probe.answer.error?.code ?? 0)) return {}
    // Who is refused as a caller learns nothing about the era.
    if ([401, 403].includes(probe.status) || probe.status >= 500) return required(probe)
    this.#meta = undefined
    this.#headers = {}
    const opened = await this.#request('initialize', { protocolVersion: legacyRevision, capabilities: {}, clientInfo })
    const result = required(opened)
    const { protocolVersion } = result
    this.revision = typeof protocolVersion === 'string' ? protocolVersion.slice(0, 64) : legacyRevision
    this.#headers = {
      'mcp-protocol-version': this.revision,
      ...(opened.session !== undefined && { 'mcp-session-id': opened.session }),
    }
    await this.#send('POST', { jsonrpc: '2.0', method: 'notifications/initialized' })
    return result
  }

  async call(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    return required(await this.#request(method, params))
  }

  /** Ends the session, if there is one, and the connection. Never throws. */
  async close(): Promise<void> {
    try {
      if (this.#headers['mcp-session-id'] !== undefined) await this.#send('DELETE')
    } catch {
      // the session ends by itself
    }
    await this.#client.destroy().catch(() => {})
  }

  async #request(method: string, params: Record<string, unknown>): Promise<Reply> {
    const id = ++this.#id
    const full = this.#meta ? { ...params, _meta: this.#meta } : params
    return this.#send('POST', { jsonrpc: '2.0', id, method, params: full }, { id, method })
  }

  async #send(verb: 'POST' | 'DELETE', message?: object, asked?: { id: number; method: string }): Promise<Reply> {
    const { statusCode, headers, body } = await this.#client.request({
      method: verb,
      path: this.#path,
      signal: this.#signal,
      headers: {
        ...this.#headers,
        host: this.#address.host,
        authorization: `Bearer ${this.#token}`,
        ...(message && { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }),
        ...(this.#meta && asked && { 'mcp-method': asked.method }),
      },
      ...(message && { body: JSON.stringify(message) }),
    })
    const id = asked?.id ?? -1
    const session = headers['mcp-session-id']
    const isStream = String(headers['content-type']).startsWith('text/event-stream')
    const text = await readText(body, maxLength, isStream ? so => answerIn(so, id) !== undefined : undefined)
    const answer = isStream ? (answerIn(text, id) ?? {}) : parsed(text)
    return { status: statusCode, session: typeof session === 'string' ? session : undefined, answer }
  }
}

function required({ status, answer }: Reply): Record<string, unknown> {
  if (answer.result) return answer.result
  throw new Refused(
    status,
    `HTTP ${status}: ${(answer.error?.message ?? 'the answer is no MCP message').slice(0, 1024)}`,
  )
}
