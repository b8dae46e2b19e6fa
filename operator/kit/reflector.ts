import { ApiError, isStatus } from './api-error.ts'
import type { ApiClient, WatchEvent } from './client.ts'
import { backoff, deadline, sleep, systemClock, type MonotonicClock } from './clock.ts'
import { silent, textOf, type Logger } from './log.ts'
import { keyOf, type ApiObject, type NamespacedName, type ApiResource } from './resource.ts'
import { Store } from './store.ts'

export type ReflectorOptions = {
  readonly client: ApiClient
  readonly resource: ApiResource
  readonly namespace?: string
  readonly labelSelector?: string
  readonly metadataOnly?: boolean
  /** Removes fields that are not read, before the object is stored. */
  readonly transform?: (object: ApiObject) => ApiObject
  /** Only enqueues; what it throws is logged. Both objects may be given, or one. */
  onChange(key: NamespacedName, before?: ApiObject, after?: ApiObject): void
  readonly log?: Logger
  readonly clock?: MonotonicClock
  readonly random?: () => number
  /** Milliseconds without event or bookmark (about one a minute) after which a watch counts as dead. */
  readonly watchdog?: number
  /** Told about every end of a list or watch that was not asked for. */
  readonly failed?: (verb: 'list' | 'watch') => void
}

const PAGE = 500
/** So many watches in a row that brought nothing, and the next attempt is a list: the version itself may be what the server stumbles over. */
const GIVE_UP_VERSION = 5

/**
 * Keeps a store equal to what the API server has, whatever happens on the way. Only a version that is too old (410) makes it list again; all else makes
 * it come back to the version it had. It never gives up, and after the abort of its signal it asks nothing more.
 */
export class Reflector {
  readonly store = new Store()
  readonly resource: ApiResource
  readonly #options: ReflectorOptions
  readonly #clock: MonotonicClock
  readonly #log: Logger
  readonly #delay: (failures: number) => number
  #synced = false
  #lastSync: number
  #failures = 0
  #whenSynced = Promise.withResolvers<void>()

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.resource = options.resource
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silent
    this.#delay = backoff(1600, 30_000, options.random)
    this.#lastSync = this.#clock.elapsed()
  }

  /** Whether the store has been complete once. */
  get synced(): boolean {
    return this.#synced
  }

  /** When that was, on the monotonic clock of the process. */
  get lastSync(): number {
    return this.#lastSync
  }

  /** Milliseconds since the server was last heard by an event, a bookmark or a list; before the first, since this was made. */
  get age(): number {
    return this.#clock.elapsed() - this.#lastSync
  }

  whenSynced(): Promise<void> {
    return this.#whenSynced.promise
  }

  /** Resolves after the abort; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let listed = false
    while (!signal.aborted) {
      const verb = listed ? 'watch' : 'list'
      try {
        if (listed) await this.#watch(signal)
        else await this.#list(signal)
        listed = true
      } catch (error) {
        if (signal.aborted) return
        const isTooOld = isStatus(error, 410)
        if (isTooOld || this.#failures >= GIVE_UP_VERSION) listed = false
        await this.#wait(verb, error, signal)
      }
    }
  }

  /** A first 410 is no failure: history was compacted, and the list follows at once. */
  async #wait(verb: 'list' | 'watch', error: unknown, signal: AbortSignal): Promise<void> {
    const isAtOnce = isStatus(error, 410) && this.#failures === 0
    const asked = error instanceof ApiError ? (error.retryAfter ?? 0) : 0
    // A server that answers is spared; one that is gone is looked for often, so that what happens after its return is seen soon.
    const wait = Math.min(this.#delay(this.#failures), isStatus(error, 0) ? 4000 : Infinity)
    const delay = isAtOnce ? 0 : Math.max(asked, wait)
    this.#failures += 1
    this.#options.failed?.(verb)
    const { plural } = this.resource
    this.#log.warn(`${verb} ended`, { plural, error: textOf(error), failures: this.#failures, delay })
    if (delay > 0) await sleep(this.#clock, delay, signal)
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, metadataOnly } = this.#options
    const asked = {
      ...(namespace && { namespace }),
      ...(labelSelector && { labelSelector }),
      ...(metadataOnly && { metadataOnly }),
    }
    const found: ApiObject[] = []
    let version = ''
    let next: string | undefined
    do {
      const page = await client.list(resource, { ...asked, limit: PAGE, signal, ...(next && { continue: next }) })
      found.push(...page.items)
      version = page.metadata.resourceVersion ?? ''
      next = page.metadata.continue
    } while (next !== undefined && next !== '')
    // No await from here, so that no reader sees half of a list.
    const names = new Set(found.map(object => JSON.stringify(keyOf(object))))
    for (const gone of this.store.list().filter(object => !names.has(JSON.stringify(keyOf(object))))) this.#remove(gone)
    for (const object of found) this.#save(object)
    this.#markHeard(version)
    this.#synced = true
    this.#whenSynced.resolve()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, metadataOnly, watchdog = 150_000, random } = this.#options
    const asked = {
      ...(namespace && { namespace }),
      ...(labelSelector && { labelSelector }),
      ...(metadataOnly && { metadataOnly }),
    }
    const resourceVersion = this.store.version
    const timeoutSeconds = 300 + Math.floor((random ?? Math.random)() * 300)
    const silence = (): ApiError => new ApiError(0, 'Timeout', `neither event nor bookmark for ${watchdog} ms`)
    const dog = deadline(this.#clock, watchdog, silence, signal)
    const began = this.#clock.elapsed()
    try {
      const options = { ...asked, resourceVersion, timeoutSeconds, signal: dog.signal }
      for await (const event of client.watch(resource, options)) {
        dog.restart()
        this.#handleEvent(event)
      }
    } finally {
      dog.clear()
    }
    // The server ends a watch after timeoutSeconds; one that ends at once, again and again, must not become a storm.
    if (this.store.version === resourceVersion && this.#clock.elapsed() - began < 1000)
      throw new ApiError(0, 'Unreachable', 'the watch ended at once')
  }

  #handleEvent({ type, object }: WatchEvent): void {
    if (type === 'DELETED') this.#remove(object)
    else if (type !== 'BOOKMARK') this.#save(object)
    this.#markHeard(object.metadata.resourceVersion ?? this.store.version)
  }

  #markHeard(version: string): void {
    this.store.reached(version)
    this.#lastSync = this.#clock.elapsed()
    this.#failures = 0
  }

  #save(given: ApiObject): void {
    const { managedFields: _, ...metadata } = given.metadata
    const whole = { ...given, metadata }
    const object = this.#options.transform?.(whole) ?? whole
    const before = this.store.set(object)
    const isReplay = before?.metadata.resourceVersion === object.metadata.resourceVersion && before !== undefined
    if (!isReplay) this.#notify(object, before, object)
  }

  #remove(object: ApiObject): void {
    const before = this.store.delete(keyOf(object))
    if (before !== undefined) this.#notify(object, before)
  }

  #notify(object: ApiObject, before?: ApiObject, after?: ApiObject): void {
    try {
      this.#options.onChange(keyOf(object), before, after)
    } catch (error) {
      this.#log.error('onChange threw', { plural: this.resource.plural, error: textOf(error) })
    }
  }
}
