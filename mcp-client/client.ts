import type { Dispatcher } from 'undici'
import { requestMcp, hasResult, type ResultPicker, type McpResponse } from './json-rpc.ts'
import type { ByteBudget } from './request.ts'

/** A server, how to get there, and as whom. */
export type McpTarget = {
  readonly client: Dispatcher
  readonly path: string
  /** Who asks: the credential, and the name of the host if it is not that of the address. */
  readonly headers: Readonly<Record<string, string>>
  /** The name that the caller gives itself. */
  readonly name: string
}

/** The gateway or the server behind it said no, in its words. */
export class McpRefusal extends Error {
  override name = 'McpRefusal'
  readonly status: number
  /** The gateway's word for it. */
  readonly reason: string | undefined

  constructor(status: number, text: string, reason?: string) {
    super(text)
    this.status = status
    this.reason = reason
  }
}

type Fields = Readonly<Record<string, unknown>>

const modernRevision = '2026-07-28'
const legacyRevision = '2025-11-25'
/** Error codes by which a server of the modern era answers a request that it does not like (MCP 2026-07-28, lifecycle). */
const modernCodes = new Set([-32_020, -32_021, -32_022])
/** What a header can carry, and a revision is no longer than that. */
const revisionFormat = /^[\x21-\x7e]{1,32}$/
/** Visible ASCII, as MCP asks of it (2025-11-25, transports). */
const sessionFormat = /^[\x21-\x7e]{1,4096}$/
/** Milliseconds for the end of a session. */
const closeTimeout = 2000

/** Speaks MCP to one server, in the era that it is of. All that it says together is at most as long as the budget. */
export class McpClient {
  readonly #target: McpTarget
  readonly #budget: ByteBudget
  readonly #signal: AbortSignal
  #headers: Record<string, string> = {}
  #meta: Fields | undefined
  #id = 0
  revision = modernRevision

  constructor(target: McpTarget, budget: ByteBudget, signal: AbortSignal) {
    this.#target = target
    this.#budget = budget
    this.#signal = signal
  }

  /**
   * Finds out the era: the modern request first, and `initialize` unless the answer is one of that era. Gives back what is picked of what the server
   * says of itself.
   * @throws McpRefusal
   * @throws ResponseTooLong
   */
  async open<T>(pick: ResultPicker<T>): Promise<T> {
    const clientInfo = { name: this.#target.name, version: '0.1.0' }
    this.#meta = {
      'io.modelcontextprotocol/protocolVersion': modernRevision,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': clientInfo,
    }
    this.#headers = { 'mcp-protocol-version': modernRevision }
    const probe = await this.#request('server/discover', {}, pick)
    if (hasResult(probe.answer)) return probe.answer.result
    if (modernCodes.has(probe.answer.error?.code ?? 0)) return pick({})
    // Who is refused as a caller learns nothing about the era.
    if ([401, 403].includes(probe.status) || probe.status >= 500) return required(probe)
    this.#meta = undefined
    this.#headers = {}
    const said = { protocolVersion: legacyRevision, capabilities: {}, clientInfo }
    const opened = await this.#request('initialize', said, result => ({
      picked: pick(result),
      revision: revisionOf(result),
    }))
    const { picked, revision } = required(opened)
    this.#headers = this.#session(opened, revision)
    await this.#send('POST', this.#signal, noAnswer, { jsonrpc: '2.0', method: 'notifications/initialized' })
    return picked
  }

  /**
   * @throws McpRefusal
   * @throws ResponseTooLong
   */
  async call<T>(method: string, params: Fields, pick: ResultPicker<T>): Promise<T> {
    return required(await this.#request(method, params, pick))
  }

  /** Ends the session, if there is one, even if the time is over. Never throws. */
  async close(): Promise<void> {
    if (this.#headers['mcp-session-id'] === undefined) return
    try {
      await this.#send('DELETE', AbortSignal.timeout(closeTimeout), noAnswer)
    } catch {
      // the session ends by itself
    }
  }

  /** What later requests carry; what no header could is a server that does not speak MCP. */
  #session({ status, headers }: McpResponse<unknown>, revision: string): Record<string, string> {
    this.revision = revision
    if (!revisionFormat.test(revision)) throw new McpRefusal(status, 'the answer names no revision of the protocol')
    const session = headers['mcp-session-id']
    if (session === undefined) return { 'mcp-protocol-version': this.revision }
    if (typeof session !== 'string' || !sessionFormat.test(session))
      throw new McpRefusal(status, 'the id of the session is none')
    return { 'mcp-protocol-version': this.revision, 'mcp-session-id': session }
  }

  async #request<T>(method: string, params: Fields, pick: ResultPicker<T>): Promise<McpResponse<T>> {
    const id = ++this.#id
    const full = this.#meta ? { ...params, _meta: this.#meta } : params
    return this.#send('POST', this.#signal, { id, method, pick }, { jsonrpc: '2.0', id, method, params: full })
  }

  #send<T>(
    verb: 'POST' | 'DELETE',
    signal: AbortSignal,
    { id, method, pick }: { readonly id: number; readonly method?: string; readonly pick: ResultPicker<T> },
    message?: object,
  ): Promise<McpResponse<T>> {
    const { client, path, headers } = this.#target
    const question = {
      method: verb,
      path,
      headers: {
        ...this.#headers,
        ...headers,
        ...(message && { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }),
        ...(this.#meta && method !== undefined && { 'mcp-method': method }),
      },
      ...(message && { body: JSON.stringify(message) }),
    }
    return requestMcp(client, { question, id, pick }, this.#budget, signal)
  }
}

/** What goes without an id gets no answer that counts. */
const noAnswer = { id: -1, pick: (): undefined => undefined }

const revisionOf = ({ protocolVersion }: Fields): string =>
  typeof protocolVersion === 'string' ? protocolVersion : legacyRevision

function required<T>({ status, answer }: McpResponse<T>): T {
  if (hasResult(answer)) return answer.result
  const { message = 'the answer is no MCP message', reason } = answer.error ?? {}
  throw new McpRefusal(status, `HTTP ${status}: ${message}`, reason)
}
