import { isDeepStrictEqual } from 'node:util'
import { apiVersion } from '../../crds/index.ts'
import { isStatus } from '../kit/api-error.ts'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import { mergeConditions, type TimedCondition } from '../kit/conditions.ts'
import { compareVersions, type ApiObject } from '../kit/resource.ts'
import type { Status, StatusLike } from '../translate/index.ts'
import type { Caches } from '../cache/caches.ts'
import { parallel } from '../kit/parallel.ts'
import { own } from '../resources.ts'

const manager = 'bartizan-status'

type Written = { readonly version: string; readonly status: StatusContent }
type StatusContent = { readonly conditions?: readonly TimedCondition[]; readonly [field: string]: unknown }

/** Called after each status that was written, with the status before, if any, and after. */
export type TransitionListener = (object: ApiObject, before: StatusLike | undefined, after: StatusLike) => void

/** Writes statuses, each only when it differs from what the object has. */
export class StatusWriter {
  readonly #client: ApiClient
  readonly #caches: Caches
  readonly #clock: MonotonicClock
  readonly #onTransition: TransitionListener
  /** By uid: what was written and may not have been seen yet. */
  readonly #written = new Map<string, Written>()
  /** Statuses that their objects carry already. A plan that is remembered brings the very same again. */
  readonly #upToDate = new WeakMap<Status, ApiObject>()

  constructor(client: ApiClient, caches: Caches, clock: MonotonicClock, onTransition: TransitionListener) {
    this.#client = client
    this.#caches = caches
    this.#clock = clock
    this.#onTransition = onTransition
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
    if (!object || this.#upToDate.get(wanted) === object) return undefined
    const before = this.#current(object)
    const { conditions, ...fields } = JSON.parse(JSON.stringify(status)) as Status['status']
    const after: StatusContent = {
      ...fields,
      conditions: mergeConditions(before.conditions ?? [], conditions, this.#clock.now()),
    }
    if (!isDeepStrictEqual(before, after)) return { object, before, after }
    this.#upToDate.set(wanted, object)
    return undefined
  }

  /** The status as it stands, our own last write included if it has not come back yet. */
  #current(object: ApiObject): StatusContent {
    const { uid = '', resourceVersion = '' } = object.metadata
    const written = this.#written.get(uid)
    if (written && compareVersions(resourceVersion, written.version) < 0) return written.status
    this.#written.delete(uid)
    return (object['status'] ?? {}) as StatusContent
  }

  async #apply(object: ApiObject, before: StatusContent, after: StatusContent): Promise<void> {
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
      // The object is gone, or another one has its name, which gets a status of its own.
      if (isStatus(error, 404, 409)) return
      throw error
    }
    this.#onTransition(object, before.conditions ? before : undefined, after)
  }
}
