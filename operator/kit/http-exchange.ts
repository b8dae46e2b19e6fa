import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'

/** For each kind of request the sockets that it may use. */
export type Lane = 'calls' | 'watches' | 'lease' | 'events'

/** A request to the API server. */
export type ApiRequest = {
  readonly method: Dispatcher.HttpMethod
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}
/** An answer whose head is there. */
export type ApiResponse = {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  readonly body: AsyncIterable<Uint8Array> & { text(): Promise<string>; dump(): Promise<unknown> }
}
