import type { MonotonicClock } from './clock.ts'
import type { Lane } from './http-exchange.ts'
import type { ApiCredentials } from './credentials.ts'
import type { ApiObject } from './resource.ts'

export type ClientOptions = {
  readonly credentials: ApiCredentials
  /** Asked before every write, again when a socket takes it, and again when the server waits for what is to be written. */
  readonly mayWrite?: () => boolean
  /**
   * Milliseconds after `mayWrite` was last true in which no other process may write yet: the server has so long for a write. Of a lease, its duration less the
   * deadline of its renewal.
   */
  readonly fence?: number
  readonly clock?: MonotonicClock
  /** Most sockets for calls, and half of the most for writes that `mayWrite` decides; watches come on top. */
  readonly connections?: number
  readonly userAgent?: string
  /** Told about every answer: `rest_client_requests_total`. */
  readonly answered?: (method: string, status: number, lane: Lane) => void
}

export type CallOptions = {
  readonly signal?: AbortSignal
  /** Milliseconds. */
  readonly timeout?: number
  /** Sockets of their own: the lease waits for nothing, and nothing waits for Events. */
  readonly lane?: Exclude<Lane, 'watches'>
}
export type ObjectSelection = {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  /** Only metadata travels; the other fields are absent. */
  readonly metadataOnly?: boolean
}
export type ListOptions = ObjectSelection & CallOptions & { readonly limit?: number; readonly continue?: string }
export type List = {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items: ApiObject[]
}
export type WatchOptions = ObjectSelection & { readonly signal: AbortSignal; readonly timeoutSeconds?: number }
export type WatchEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: ApiObject
}
/** `ungated` is for the lease itself, whose writes decide who may write. */
export type WriteOptions = CallOptions & { readonly ungated?: boolean; readonly dryRun?: boolean }
export type ApplyOptions = WriteOptions & {
  readonly manager: string
  readonly force?: boolean
  readonly subresource?: string
}
export type PatchOptions = WriteOptions & {
  readonly type: 'merge' | 'json'
  readonly subresource?: string
  /** Whose fields they are from then on; the name of the client unless said otherwise. */
  readonly manager?: string
}
export type DeleteOptions = WriteOptions & {
  readonly uid?: string
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan'
}
