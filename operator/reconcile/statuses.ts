import { isDeepStrictEqual } from 'node:util'
import { apiVersion } from '../../crds/index.ts'
import { isStatus } from '../kit/api-error.ts'
import type { Client } from '../kit/client.ts'
import type { Clock } from '../kit/clock.ts'
import { mergeConditions, type Condition } from '../kit/conditions.ts'
import { compareVersions, type ApiObject } from '../kit/resource.ts'
import type { Status, StatusLike } from '../translate/index.ts'
import type { Caches } from '../cache/caches.ts'
import { parallel } from '../kit/parallel.ts'
import { own } from '../resources.ts'

const manager = 'bartizan-status'

type Written = { readonly version: string; readonly status: Content }
type Content = { readonly conditions?: readonly Condition[]; readonly [field: string]: unknown }

/** Told about each status that was written: what it said before, if anything, and what it says now. */
export type Told = (object: ApiObject, before: StatusLike | undefined, after: StatusLike) => void

/** Writes statuses, each only when it is otherwise than it stands there. */
export class Statuses {
  readonly #client: Client
  readonly #caches: Caches
  readonly #clock: Clock
  readonly #told: Told
  /** By uid: what was written and may not have been seen yet. */
  readonly #written = new Map<string, Written>()
  /** Statuses that their objects carry already. A plan that is remembered brings the very same again. */
  readonly #held = new WeakMap<Status, ApiObject>()

  constructor(client: Client, caches: Caches, clock: Clock, told: Told) {
    this.#client = client
    this.#caches = caches
    this.#clock = clock
    this.#told = told
  }

  forget(uid: string): void {
    this.#written.delete(uid)
  }

  /** All are tried, then the first error is thrown. */
  async write(statuses: readonly Status[]): Promise<void> {
    const news = statuses.flatMap(status => this.#difference(status) ?? [])
    await parallel(news, 8, ({ object, before, after }) => this.#apply(object, before, after))
  }

  #difference(wanted: Status) {
    const { kind, namespace, name, status } = wanted
    const object = this.#caches.own[kind].store.get(namespace, name)
    if (!object || this.#held.get(wanted) === object) return undefined
    const before = this.#current(object)
    const { conditions, ...fields } = JSON.parse(JSON.stringify(status)) as Status['status']
    const after: Content = {
      ...fields,
      conditions: mergeConditions(before.conditions ?? [], conditions, this.#clock.now()),
    }
    if (!isDeepStrictEqual(before, after)) return { object, before, after }
    this.#held.set(wanted, object)
    return undefined
  }

  /** The status as it stands, our own last write included if it has not come back yet. */
  #current(object: ApiObject): Content {
    const { uid = '', resourceVersion = '' } = object.metadata
    const written = this.#written.get(uid)
    if (written && compareVersions(resourceVersion, written.version) < 0) return written.status
    this.#written.delete(uid)
    return (object['status'] ?? {}) as Content
  }

  async #apply(object: ApiObject, before: Content, after: Content): Promise<void> {
    const { namespace, name = '', uid = '' } = object.metadata
    const resource = own[object.kind as keyof typeof own]
    const wanted = {
      apiVersion,
      kind: resource.kind,
      metadata: { name, uid, ...(namespace && { namespace }) },
      status: after,
    }
    try {
      const applied = await this.#client.apply(resource, namespace, wanted, {
        manager,
        force: true,
        subresource: 'status',
      })
      this.#written.set(uid, { version: applied.metadata.resourceVersion ?? '', status: after })
    } catch (error) {
      // It has gone, or another one has its name: that one gets its own.
      if (isStatus(error, 404, 409)) return
      throw error
    }
    this.#told(object, before.conditions ? before : undefined, after)
  }
}
