import { isDeepStrictEqual } from 'node:util'
import { apiVersion, isKindName } from '../../crds/index.ts'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { KubernetesObject, LastGood } from '../translate/index.ts'
import { lastGoodLabel, type Caches } from '../cache/caches.ts'
import type { DriftRepair } from './drift-repair.ts'
import { conflictOf, findObject, type Owner } from '../ownership.ts'
import { children, controllerOf, managedBy, manager } from '../resources.ts'
import { isRefusal } from '../kit/refusals.ts'
import { parallel } from '../kit/parallel.ts'
import type { Logger } from '../kit/log.ts'

const dataKey = 'last-good.json'
const nameFor = (uid: string | undefined): string => `last-good-${uid}`

/** What was read of a ConfigMap once. The same is given each time, so that who compares by identity finds it. */
const known = new WeakMap<ApiObject, LastGood[]>()

function read(configMap: ApiObject): LastGood[] {
  const found = known.get(configMap) ?? parsed(configMap)
  known.set(configMap, found)
  return found
}

/** Those beside which others have put something. */
const withForeignEntries = new WeakSet<LastGood>()

function parsed(configMap: ApiObject): LastGood[] {
  const {
    data = {},
    binaryData,
    immutable,
  } = configMap as {
    readonly data?: Readonly<Record<string, string>>
    readonly binaryData?: object
    readonly immutable?: boolean
  }
  const text = data[dataKey]
  try {
    const kept = JSON.parse(text ?? '') as LastGood
    if (Object.keys(data).length > 1 || binaryData || immutable) withForeignEntries.add(kept)
    const isOwn = configMap.metadata.name === nameFor(kept.uid) && controllerOf(configMap)?.uid === kept.uid
    return isKindName(kept.kind) && typeof kept.name === 'string' && isOwn ? [kept] : []
  } catch {
    return [] // another client changed it: then there is no last good spec
  }
}

/** Specs that were compared, and were the same. A plan that is remembered brings the very same again. */
const compared = new WeakMap<LastGood, LastGood>()

function isSame(kept: LastGood | undefined, wanted: LastGood): boolean {
  if (kept === undefined || withForeignEntries.has(kept)) return false
  if (compared.get(wanted) === kept) return true
  const isEqual = isDeepStrictEqual(kept, JSON.parse(JSON.stringify(wanted)))
  if (isEqual) compared.set(wanted, kept)
  return isEqual
}

/** What was written and may not have been seen yet; without a version it was refused, or there was nothing to write. */
type Written = { readonly generation: number | undefined; readonly at: number; readonly version?: string }

/** Milliseconds after which what was refused is tried again. */
const retryInterval = 10_000

/** The last specs that compiled, one ConfigMap for each object, owned by it: they are there for whichever operator comes next. */
export class LastGoodStore {
  readonly #client: ApiClient
  readonly #caches: Caches
  readonly #driftRepair: DriftRepair
  readonly #clock: MonotonicClock
  readonly #log: Logger
  /** By uid. */
  readonly #written = new Map<string, Written>()

  constructor(client: ApiClient, caches: Caches, driftRepair: DriftRepair, clock: MonotonicClock, log: Logger) {
    this.#client = client
    this.#caches = caches
    this.#driftRepair = driftRepair
    this.#clock = clock
    this.#log = log
  }

  of(namespace: string): LastGood[] {
    return this.#caches.lastGood.store.list(namespace).flatMap(read)
  }

  /** Writes what is to be kept and is not, or not as it was written. */
  async keep(namespace: string, wanted: readonly LastGood[]): Promise<void> {
    const kept = new Map(this.of(namespace).map(one => [one.uid, one]))
    const news = wanted.filter(
      one => one.uid !== undefined && !isSame(kept.get(one.uid), one) && !this.#isUnderWay(one),
    )
    await parallel(news, 8, one => this.#write(namespace, one))
  }

  forget(uid: string): void {
    this.#written.delete(uid)
  }

  /** Whether it was written, and what came of it is still to be seen. */
  #isUnderWay({ uid = '', generation }: LastGood): boolean {
    const written = this.#written.get(uid)
    if (!written || written.generation !== generation) return false
    if (written.version === undefined) return this.#clock.elapsed() - written.at < retryInterval
    return !this.#caches.lastGood.store.hasSeen(written.version)
  }

  async #write(namespace: string, good: LastGood): Promise<void> {
    const { kind, name, uid = '', generation } = good
    if (!isKindName(kind)) return
    const owner = { kind, namespace, name, uid }
    const desired = configMapFor(good, owner)
    const known = this.#caches.lastGood.store.get(namespace, desired.metadata.name)
    if (known && conflictOf(known, owner)) return
    const at = this.#clock.elapsed()
    try {
      const version = await this.#apply(desired, owner, known)
      this.#written.set(uid, { generation, at, ...(version !== undefined && { version }) })
    } catch (error) {
      if (!isRefusal(error)) throw error
      const before = this.#written.get(uid)
      this.#written.set(uid, { generation, at })
      if (before && before.generation === generation && before.version === undefined) return
      this.#log.warn('a last good spec was not kept', { namespace, kind, name, error: error.message })
    }
  }

  /** Resolves to the version that was written, and to none when there is nothing to be tried again. */
  async #apply(desired: KubernetesObject, owner: Owner, known: ApiObject | undefined): Promise<string | undefined> {
    const { namespace } = desired.metadata
    const recreated = known && (await this.#driftRepair.recreateOversized(desired, known))
    if (recreated) return recreated.metadata.resourceVersion
    const pinned = {
      ...desired,
      metadata: { ...desired.metadata, ...(known && { uid: known.metadata.uid }) },
    } as ApiObject
    const options = { manager, force: known !== undefined }
    try {
      const applied = await this.#client.apply(children.ConfigMap, namespace, pinned, options)
      return (await this.#driftRepair.repair(desired, applied)).repaired.metadata.resourceVersion
    } catch (error) {
      if (!isRefusal(error) || !known) throw error
      const live = await findObject(this.#client, children.ConfigMap, namespace, desired.metadata.name)
      if (!live || conflictOf({ ...live, kind: 'ConfigMap' }, owner)) throw error
      const { repaired, problem } = await this.#driftRepair.repair(desired, live)
      if (problem || repaired === live) throw problem ?? error
      return repaired.metadata.resourceVersion
    }
  }
}

const configMapFor = (good: LastGood, { kind, namespace, name, uid }: Owner): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: nameFor(uid),
    namespace,
    labels: { [managedBy]: manager, [lastGoodLabel]: kind },
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
  },
  data: { [dataKey]: JSON.stringify(good) },
})
