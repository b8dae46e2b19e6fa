import type { Dispatcher } from 'undici'
import { ApiError, errorFrom, unreachable } from './api-error.ts'
import { deadline, systemClock, type MonotonicClock } from './clock.ts'
import { ApiConnection } from './api-connection.ts'
import type {
  ApplyOptions,
  CallOptions,
  ClientOptions,
  DeleteOptions,
  List,
  ListOptions,
  PatchOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './calls.ts'
import type { CurrentCredentials } from './credentials.ts'
import type { ApiResponse, Lane } from './http-exchange.ts'
import { lines } from './lines.ts'
import { notLeader } from './not-leader.ts'
import { apiVersionOf, pathOf, type ApiObject, type ApiResource } from './resource.ts'

export type * from './calls.ts'

type Query = Readonly<Record<string, string | number | boolean | undefined>>
type Call = WriteOptions & {
  readonly method: Dispatcher.HttpMethod
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  readonly type?: string
  readonly accept?: string
}

/** Which sockets, and whether the right to write is needed. */
type RequestRoute = { readonly lane: Lane; readonly fenced: boolean }

const CALL = 10_000
/** What {@link Leader} leaves between its last write and the lease of the next one, unless told otherwise. */
const FENCE = 5000
const LIST = 60_000
const metadata = (kind: string): string => `application/json;as=${kind};v=v1;g=meta.k8s.io`

/** A thin client of the Kubernetes API: raw JSON in and out, errors as {@link ApiError}, every call bounded in time. */
export class ApiClient {
  readonly #server: string
  readonly #options: ClientOptions
  readonly #clock: MonotonicClock
  readonly #connection: ApiConnection
  readonly #writing = new Set<Promise<unknown>>()

  constructor(options: ClientOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#server = options.credentials.server.replace(/\/$/, '')
    const { credentials, connections = 4 } = options
    this.#connection = new ApiConnection(credentials, this.#clock, connections, () => this.mayWrite())
  }

  mayWrite(): boolean {
    return this.#options.mayWrite?.() ?? true
  }

  async get(
    r: ApiResource,
    namespace: string | undefined,
    name: string,
    options: CallOptions = {},
  ): Promise<ApiObject> {
    const found = await this.#call({ ...options, method: 'GET', path: pathOf(r, namespace, name) })
    return found as ApiObject
  }

  /** One page; `continue` of its metadata asks for the next. */
  async list(r: ApiResource, options: ListOptions = {}): Promise<List> {
    const { namespace, signal, timeout = LIST, metadataOnly, ...query } = options
    const accept = metadataOnly === true ? metadata('PartialObjectMetadataList') : 'application/json'
    const call = {
      method: 'GET',
      path: pathOf(r, namespace),
      query,
      accept,
      timeout,
      ...(signal && { signal }),
    } as const
    const list = (await this.#call(call)) as Partial<List>
    return { metadata: list.metadata ?? {}, items: (list.items ?? []).map(item => named(r, item)) }
  }

  /**
   * Events until the server ends the stream. ERROR events are thrown as the errors that they carry (410: the version is too old). The one that watches must have
   * a watchdog: a connection that is half open says nothing.
   */
  async *watch(r: ApiResource, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const { namespace, signal, metadataOnly, ...query } = options
    const accept = metadataOnly === true ? metadata('PartialObjectMetadata') : 'application/json'
    const call = { method: 'GET', path: pathOf(r, namespace), accept } as const
    const asked = { ...query, watch: true, allowWatchBookmarks: true }
    try {
      const { body } = await this.#send({ ...call, query: asked }, signal, { lane: 'watches', fenced: false })
      for await (const line of lines(body)) {
        const event = JSON.parse(line) as WatchEvent | { type: 'ERROR'; object: unknown }
        if (event.type === 'ERROR') throw errorFrom(500, event.object)
        yield { type: event.type, object: named(r, event.object) }
      }
    } catch (error) {
      throw this.#failed(error, call, signal)
    }
  }

  /** Server-side apply: the object holds exactly the fields that the manager wants to own. */
  async apply(
    r: ApiResource,
    namespace: string | undefined,
    object: ApiObject,
    options: ApplyOptions,
  ): Promise<ApiObject> {
    const { manager: fieldManager, force = true, subresource, ...rest } = options
    const path = pathOf(r, namespace, object.metadata.name ?? '', ...(subresource === undefined ? [] : [subresource]))
    const type = 'application/apply-patch+yaml'
    const body = named(r, object)
    return this.#write({ ...rest, method: 'PATCH', path, query: { fieldManager, force }, type, body })
  }

  async create(
    r: ApiResource,
    ns: string | undefined,
    object: ApiObject,
    options: WriteOptions = {},
  ): Promise<ApiObject> {
    const path = pathOf(r, ns)
    return this.#write({ ...options, method: 'POST', path, type: 'application/json', body: named(r, object) })
  }

  async patch(
    r: ApiResource,
    namespace: string | undefined,
    name: string,
    body: unknown,
    options: PatchOptions,
  ): Promise<ApiObject> {
    const { type, subresource, manager: fieldManager, ...rest } = options
    const path = pathOf(r, namespace, name, ...(subresource === undefined ? [] : [subresource]))
    const mime = type === 'json' ? 'application/json-patch+json' : 'application/merge-patch+json'
    return this.#write({ ...rest, method: 'PATCH', path, query: { fieldManager }, type: mime, body })
  }

  /** With `uid` only that very object is deleted, not another that has got its name. */
  async delete(
    r: ApiResource,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { uid, propagation = 'Background', ...rest } = options
    const body = { propagationPolicy: propagation, ...(uid !== undefined && { preconditions: { uid } }) }
    const path = pathOf(r, namespace, name)
    await this.#write({ ...rest, method: 'DELETE', path, type: 'application/json', body })
  }

  /** Resolves when no write is on its way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #write(call: Call): Promise<ApiObject> {
    if (call.ungated !== true && !this.mayWrite()) throw notLeader()
    const query = { ...call.query, ...(call.dryRun === true && { dryRun: 'All' }) }
    const work = this.#call({ ...call, query })
    this.#writing.add(work)
    try {
      return (await work) as ApiObject
    } finally {
      this.#writing.delete(work)
    }
  }

  async #call(call: Call): Promise<unknown> {
    const { timeout = CALL, lane = 'calls' } = call
    const late = (): ApiError => new ApiError(0, 'Timeout', `${call.method} ${call.path}: no answer in ${timeout} ms`)
    const limit = deadline(this.#clock, timeout, late, call.signal)
    try {
      const { mayWrite, fence = FENCE } = this.#options
      const fenced = mayWrite !== undefined && call.method !== 'GET' && call.ungated !== true
      // The server gives up as well, so that a write which no caller waits for does not happen later.
      const most = fenced ? Math.min(timeout, fence) : timeout
      const query = { ...call.query, ...(call.method !== 'GET' && { timeout: `${most / 1000}s` }) }
      const { body } = await this.#send({ ...call, query }, limit.signal, { lane, fenced })
      return JSON.parse(await body.text()) as unknown
    } catch (error) {
      throw this.#failed(error, call, limit.signal)
    } finally {
      limit.clear()
    }
  }

  /** What is thrown: the reason of an abort as it is, else an ApiError. */
  #failed(error: unknown, { method, path }: Call, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason
    if (error instanceof ApiError) return error
    this.#connection.invalidate()
    return unreachable(error, `${method} ${path}`)
  }

  async #send(call: Call, signal: AbortSignal, route: RequestRoute): Promise<ApiResponse> {
    const used = await this.#connection.current()
    const first = await this.#sendOnce(call, signal, route, used)
    if (first.statusCode < 400) return first
    if (first.statusCode === 401) {
      // The token has expired before it was read again. A 401 has done nothing, so a write may be repeated too.
      const fresh = await this.#connection.current(true)
      if (fresh.token !== used.token) {
        await first.body.dump()
        const second = await this.#sendOnce(call, signal, route, fresh)
        if (second.statusCode < 400) return second
        throw await refusal(second)
      }
    }
    throw await refusal(first)
  }

  async #sendOnce(
    call: Call,
    signal: AbortSignal,
    route: RequestRoute,
    { token, ca }: CurrentCredentials,
  ): Promise<ApiResponse> {
    signal.throwIfAborted()
    const { method, body } = call
    const url = `${this.#server}${call.path}${queryOf(call.query)}`
    const answer = await this.#connection.send(ca, route.lane, route.fenced, url, {
      method,
      signal,
      headers: {
        accept: call.accept ?? 'application/json',
        'user-agent': this.#options.userAgent ?? 'bartizan',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(call.type !== undefined && { 'content-type': call.type }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    this.#options.answered?.(method, answer.statusCode, route.lane)
    return answer
  }
}

function queryOf(query: Query = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return set.length === 0
    ? ''
    : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)] as [string, string])).toString()}`
}

/** Items of lists come without their kind, metadata alone under a kind of its own; here an object is named the same wherever it came from. */
const named = (r: ApiResource, object: ApiObject): ApiObject => ({
  ...object,
  apiVersion: apiVersionOf(r),
  kind: r.kind,
})

async function refusal({ statusCode, headers, body }: ApiResponse): Promise<ApiError> {
  const text = await body.text()
  const after = headers['retry-after']
  return errorFrom(statusCode, parsed(text), Array.isArray(after) ? after[0] : after)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return { message: text.slice(0, 300) }
  }
}
