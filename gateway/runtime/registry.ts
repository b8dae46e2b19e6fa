import type { Log } from '../options.ts'
import type { ResourceKind, ServerResources } from '../resource-kind.ts'

/** `owner`: the server that the resource belongs to, empty for the gateway. `fingerprint`: whatever the resource is made of; another fingerprint is another resource. */
type ResourceId = { readonly owner: string; readonly fingerprint: string }

type Resource = {
  readonly kind: ResourceKind<unknown>
  readonly owner: string
  readonly value: unknown
  /** Set while no configuration uses it. */
  leaving?: NodeJS.Timeout | undefined
}

/** A configuration in the making. */
type Change = {
  /** The kinds that it decides about; all of them when unset. */
  readonly kinds: readonly ResourceKind<unknown>[] | undefined
  readonly used: Map<string, Resource>
  readonly stopped: Set<string>
}

/** Of one kind and owner so many unused resources may be open; the oldest is closed for the next. */
const maxLeaving = 8

/** How long the end of the gateway waits for resources to close. Milliseconds. */
const closePatience = 10_000

const keyOf = (kind: ResourceKind<unknown>, { owner, fingerprint }: ResourceId): string =>
  JSON.stringify([kind.name, owner, fingerprint])

/**
 * What outlives a configuration, of every kind. A change of configuration asks for all that it uses, and gets what is open already where the
 * fingerprint is the same. Then it is committed, and what it did not ask for is closed; or it is rolled back, and what was made for it is closed.
 * A change begins and ends without waiting, so there is one at a time. A resource that fails to start or close fails alone.
 */
export class Registry {
  readonly #log: Log
  /** In the order in which they were made or began to leave, so that what was made of others closes first. */
  readonly #open = new Map<string, Resource>()
  readonly #closing = new Map<Resource, Promise<void>>()
  #change: Change | undefined
  #isClosed = false

  constructor(log: Log) {
    this.#log = log
  }

  /** @param kinds those that the change decides about: resources of others stay as they are. Unset: all */
  begin(kinds?: readonly ResourceKind<unknown>[]): void {
    if (this.#isClosed) throw new Error('the gateway is shutting down')
    if (this.#change) throw new Error('another change of configuration is not over')
    this.#change = { kinds, used: new Map(), stopped: new Set() }
  }

  /**
   * The resource with this fingerprint: the open one, or one that is made now.
   * @throws whatever `make` throws; the caller rolls back
   */
  use<T>(kind: ResourceKind<T>, id: ResourceId, make: () => T): T {
    const { used } = this.#changing()
    const key = keyOf(kind, id)
    const found = used.get(key) ?? this.#open.get(key) ?? { kind, owner: id.owner, value: make() }
    used.set(key, found)
    // The kind is part of the key, so what lies there was made by this kind.
    return found.value as T
  }

  /** What the stages of a server may use. */
  resourcesOf(server: string): ServerResources {
    return { use: (kind, fingerprint, make) => this.use(kind, { owner: server, fingerprint }, make) }
  }

  /** Whether the configuration in force uses this resource. */
  has(kind: ResourceKind<unknown>, id: ResourceId): boolean {
    const found = this.#open.get(keyOf(kind, id))
    return found !== undefined && found.leaving === undefined
  }

  /** The owner takes no calls any more: what it does not use is closed at the commit, without grace. */
  stop(owner: string): void {
    this.#changing().stopped.add(owner)
  }

  /** The change is in force: what it made is started, and what it did not ask for is closed. */
  commit(): void {
    const { kinds, used, stopped } = this.#end()
    for (const [key, resource] of used) this.#keep(key, resource)
    for (const [key, resource] of [...this.#open].toReversed()) {
      if (used.has(key) || (kinds && !kinds.includes(resource.kind))) continue
      if (stopped.has(resource.owner) || resource.kind.grace === undefined) this.#close(key, resource)
      else if (resource.leaving === undefined) this.#leave(key, resource, resource.kind.grace)
    }
    this.#closeOldest()
  }

  /** The change was refused: what was made for it is closed, and everything else is as it was before. */
  rollback(): void {
    const { used } = this.#end()
    for (const [key, resource] of [...used].toReversed()) if (!this.#open.has(key)) this.#close(key, resource)
  }

  /** Closes everything, and waits for what was closing already. What takes too long is left behind and named in the log. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const [key, resource] of [...this.#open].toReversed()) this.#close(key, resource)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => void (timer = setTimeout(resolve, closePatience)))
    await Promise.race([Promise.all(this.#closing.values()), late])
    clearTimeout(timer)
    for (const { kind, owner } of this.#closing.keys())
      this.#log.warn('a resource does not close', { kind: kind.name, owner })
  }

  #changing(): Change {
    if (!this.#change) throw new Error('no change of configuration has begun')
    return this.#change
  }

  #end(): Change {
    const change = this.#changing()
    this.#change = undefined
    return change
  }

  #keep(key: string, resource: Resource): void {
    clearTimeout(resource.leaving)
    resource.leaving = undefined
    if (this.#open.has(key)) return
    this.#open.set(key, resource)
    try {
      resource.kind.start?.(resource.value)
    } catch (error) {
      this.#failed('a resource did not start', resource, error)
    }
  }

  #leave(key: string, resource: Resource, grace: number): void {
    this.#open.delete(key)
    this.#open.set(key, resource)
    resource.leaving = setTimeout(() => this.#close(key, resource), grace).unref()
  }

  /** In one pass for the whole change: thousands of servers may leave at once. */
  #closeOldest(): void {
    const leaving = [...this.#open].filter(([, resource]) => resource.leaving !== undefined)
    const groups = Map.groupBy(leaving, ([, { kind, owner }]) => JSON.stringify([kind.name, owner]))
    for (const group of groups.values())
      for (const [key, resource] of group.slice(0, -maxLeaving)) this.#close(key, resource)
  }

  #close(key: string, resource: Resource): void {
    this.#open.delete(key)
    clearTimeout(resource.leaving)
    const closing = this.#closed(resource).finally(() => this.#closing.delete(resource))
    this.#closing.set(resource, closing)
  }

  async #closed(resource: Resource): Promise<void> {
    try {
      await resource.kind.close?.(resource.value)
    } catch (error) {
      this.#failed('a resource did not close', resource, error)
    }
  }

  #failed(event: string, { kind, owner }: Resource, error: unknown): void {
    this.#log.error(event, { kind: kind.name, owner, error: String(error) })
  }
}
