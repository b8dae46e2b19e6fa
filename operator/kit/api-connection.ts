import { Agent, request } from 'undici'
import { ApiError } from './api-error.ts'
import type { MonotonicClock } from './clock.ts'
import { readCurrent, type ApiCredentials, type CurrentCredentials } from './credentials.ts'
import { FencedSender } from './fenced-sender.ts'
import type { ApiRequest, ApiResponse, Lane } from './http-exchange.ts'

/** A rotated token is used at the latest so long after it was written; the kubelet rotates minutes before the old one ends. */
const READ_AGAIN = 50_000

type OpenSockets = {
  readonly ca: string | undefined
  readonly plain: Readonly<Record<Lane, Agent>>
  /** For writes that need the right to write. */
  readonly fenced: Readonly<Record<Lane, FencedSender>>
}

/** What is left to the others when a lane has many to send; none means that each request has a socket of its own. */
const few: Partial<Readonly<Record<Lane, number>>> = { lease: 1, events: 2 }

/**
 * The sockets to one API server. Calls share at most `connections`, and so do fenced writes; each watch has one of its own, or the open watches would starve the calls. The lease
 * waits behind nothing: who is busy would lose it. HTTP/1.1, since on HTTP/2 one half-open connection silences everything at once.
 */
export class ApiConnection {
  readonly #credentials: ApiCredentials
  readonly #clock: MonotonicClock
  readonly #limit: number
  readonly #mayWrite: () => boolean
  #current: CurrentCredentials | undefined
  #readAt = 0
  #reading: Promise<CurrentCredentials> | undefined
  #open: OpenSockets | undefined
  #closed = false

  constructor(credentials: ApiCredentials, clock: MonotonicClock, connections: number, mayWrite: () => boolean) {
    this.#credentials = credentials
    this.#clock = clock
    this.#limit = connections
    this.#mayWrite = mayWrite
  }

  /** The token in force; `force` reads the files now. Those who come while they are read wait for the same reading. */
  async current(force = false): Promise<CurrentCredentials> {
    if (this.#current !== undefined && !force && this.#clock.elapsed() - this.#readAt < READ_AGAIN) return this.#current
    this.#reading ??= readCurrent(this.#credentials).finally(() => (this.#reading = undefined))
    this.#current = await this.#reading
    this.#readAt = this.#clock.elapsed()
    return this.#current
  }

  /** After a failure the files may hold what helps: they are read at the next call. */
  invalidate(): void {
    this.#readAt = -Infinity
  }

  /** Sends a request by its lane; a fenced one is sent only while this process may write. */
  send(ca: string | undefined, lane: Lane, fenced: boolean, url: string, outgoing: ApiRequest): Promise<ApiResponse> {
    const open = this.#opened(ca)
    const { body } = outgoing
    if (fenced && body !== undefined) return open.fenced[lane].send(url, { ...outgoing, body })
    return request(url, { ...outgoing, body: body ?? null, dispatcher: open.plain[lane] })
  }

  /** Sockets that trust this CA. One that changed makes new ones; what runs on the old ends in its own time. */
  #opened(ca: string | undefined): OpenSockets {
    if (this.#closed) throw closed()
    if (this.#open?.ca === ca && this.#open !== undefined) return this.#open
    if (this.#open !== undefined) {
      for (const agent of Object.values(this.#open.plain)) agent.close().catch(() => {})
      for (const fenced of Object.values(this.#open.fenced)) fenced.retire()
    }
    const { cert, key } = this.#credentials
    const connect = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), keepAliveInitialDelay: 30_000 }
    // Time-outs are the caller's, on the clock that was passed in; these would be second ones.
    const options = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, connect }
    const plain = (lane: Lane): Agent => {
      const connections = lane === 'calls' ? this.#limit : few[lane]
      return new Agent({ ...options, ...(connections !== undefined && { connections }) })
    }
    // Twice as many, since each write holds one for two answers of the server.
    const fenced = (lane: Lane): FencedSender =>
      new FencedSender({ ca, cert, key, sockets: 2 * (few[lane] ?? this.#limit), mayWrite: this.#mayWrite })
    this.#open = { ca, plain: each(plain), fenced: each(fenced) }
    return this.#open
  }

  /** Ends every request and every open watch; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#open === undefined) return
    for (const fenced of Object.values(this.#open.fenced)) fenced.close(closed())
    await Promise.all(Object.values(this.#open.plain).map(agent => agent.destroy(closed())))
  }
}

const each = <T>(make: (lane: Lane) => T): Readonly<Record<Lane, T>> => ({
  calls: make('calls'),
  watches: make('watches'),
  lease: make('lease'),
  events: make('events'),
})
const closed = (): ApiError => new ApiError(0, 'Closed', 'this client is closed')
