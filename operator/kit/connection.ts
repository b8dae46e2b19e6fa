import { Agent, type Dispatcher } from 'undici'
import { ApiError } from './apierror.ts'
import type { Clock } from './clock.ts'
import { readCurrent, type Credentials, type Current } from './credentials.ts'

/** A rotated token is used at the latest so long after it was written; the kubelet rotates minutes before the old one ends. */
const READ_AGAIN = 50_000

/** For each kind of request the sockets that it may use: as they are, and behind the gate for writes. */
export type Lane = 'calls' | 'watches' | 'lease' | 'events'
type Sockets = { readonly open: Dispatcher; readonly gated: Dispatcher }
type Open = Readonly<Record<Lane, Sockets>>

/** What is left to the others when a lane has many to send; none means that each request has a socket of its own. */
const few: Partial<Readonly<Record<Lane, number>>> = { lease: 1, events: 2 }

/**
 * The sockets to one API server. Calls share at most `connections`; each watch has one of its own, or the open watches would starve the calls. The lease
 * waits behind nothing: who is busy would lose it. HTTP/1.1, since on HTTP/2 one half-open connection silences everything at once.
 */
export class Connection {
  readonly #credentials: Credentials
  readonly #clock: Clock
  readonly #limit: number
  readonly #mayWrite: () => boolean
  #current: Current | undefined
  #readAt = 0
  #reading: Promise<Current> | undefined
  #open: (Open & { readonly ca: string | undefined; readonly agents: readonly Agent[] }) | undefined
  #closed = false

  constructor(credentials: Credentials, clock: Clock, connections: number, mayWrite: () => boolean) {
    this.#credentials = credentials
    this.#clock = clock
    this.#limit = connections
    this.#mayWrite = mayWrite
  }

  /** The token in force; `force` reads the files now. Those who come while they are read wait for the same reading. */
  async current(force = false): Promise<Current> {
    if (this.#current !== undefined && !force && this.#clock.elapsed() - this.#readAt < READ_AGAIN) return this.#current
    this.#reading ??= readCurrent(this.#credentials).finally(() => (this.#reading = undefined))
    this.#current = await this.#reading
    this.#readAt = this.#clock.elapsed()
    return this.#current
  }

  /** After a failure the files may hold what helps: they are read at the next call. */
  distrust(): void {
    this.#readAt = -Infinity
  }

  /** Dispatchers that trust this CA. One that changed makes new ones; what runs on the old ends in its own time. */
  open(ca: string | undefined): Open {
    if (this.#closed) throw new ApiError(0, 'Closed', 'this client is closed')
    if (this.#open?.ca === ca && this.#open !== undefined) return this.#open
    for (const agent of this.#open?.agents ?? []) agent.close().catch(() => {})
    const { cert, key } = this.#credentials
    const connect = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), keepAliveInitialDelay: 30_000 }
    // Time-outs are the caller's, on the clock that was passed in; these would be second ones.
    const options = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, connect }
    const agents: Agent[] = []
    const sockets = (connections?: number): Sockets => {
      const agent = new Agent({ ...options, ...(connections !== undefined && { connections }) })
      agents.push(agent)
      return { open: agent, gated: agent.compose(this.#gate) }
    }
    this.#open = {
      ca,
      agents,
      calls: sockets(this.#limit),
      watches: sockets(),
      lease: sockets(few.lease),
      events: sockets(few.events),
    }
    return this.#open
  }

  /** Ends every request and every open watch; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true
    const error = new ApiError(0, 'Closed', 'this client is closed')
    await Promise.all((this.#open?.agents ?? []).map(agent => agent.destroy(error)))
  }

  /** Asked in the moment in which a socket takes the request: one that had to wait for a socket may have lost its right meanwhile. */
  readonly #gate: Dispatcher.DispatcherComposeInterceptor = dispatch => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        if (!this.#mayWrite()) return controller.abort(notLeader())
        handler.onRequestStart?.(controller, context)
      },
      onRequestUpgrade: (controller, status, headers, socket) =>
        handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStart: (controller, status, headers, message) =>
        handler.onResponseStart?.(controller, status, headers, message),
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    })
}

export const notLeader = (): ApiError => new ApiError(0, 'NotLeader', 'this process may not write now')
