import { apiVersion, isKindName } from '../crds/index.ts'
import type { Client } from './kit/client.ts'
import type { ApiObject } from './kit/resource.ts'
import type { LastGood } from './translate/index.ts'
import { lastGoodLabel, type Caches } from './caches.ts'
import { conflictOf } from './ownership.ts'
import { children, managedBy, manager, own } from './resources.ts'
import { isRefusal } from './terminating.ts'
import { parallel } from './parallel.ts'
import type { Log } from './kit/log.ts'

const dataKey = 'last-good.json'

/** What was read of a ConfigMap once. The same is given each time, so that who compares by identity finds it. */
const known = new WeakMap<ApiObject, LastGood[]>()

function read(configMap: ApiObject): LastGood[] {
  const found = known.get(configMap) ?? parsed(configMap)
  known.set(configMap, found)
  return found
}

function parsed(configMap: ApiObject): LastGood[] {
  const text = (configMap['data'] as Record<string, string> | undefined)?.[dataKey]
  try {
    const kept = JSON.parse(text ?? '') as LastGood
    return isKindName(kept.kind) && typeof kept.name === 'string' ? [kept] : []
  } catch {
    return [] // somebody changed it: then nothing was kept
  }
}

/** The last specs that compiled, one ConfigMap for each object, owned by it: they are there for whichever operator comes next. */
export class LastGoodSpecs {
  readonly #client: Client
  readonly #caches: Caches
  readonly #log: Log
  /** By uid: the generation that was written and may not have been seen yet. */
  readonly #written = new Map<string, number | undefined>()

  constructor(client: Client, caches: Caches, log: Log) {
    this.#client = client
    this.#caches = caches
    this.#log = log
  }

  of(namespace: string): LastGood[] {
    return this.#caches.lastGood.store.list(namespace).flatMap(read)
  }

  /** Writes what is to be kept and is not yet. */
  async keep(namespace: string, wanted: readonly LastGood[]): Promise<void> {
    const kept = new Map(this.of(namespace).map(one => [one.uid, one.generation]))
    const news = wanted.filter(
      ({ uid, generation }) =>
        uid !== undefined && kept.get(uid) !== generation && this.#written.get(uid) !== generation,
    )
    await parallel(news, 8, one => this.#write(namespace, one))
  }

  forget(uid: string): void {
    this.#written.delete(uid)
  }

  async #write(namespace: string, good: LastGood): Promise<void> {
    const { kind, name, uid = '', generation } = good
    if (!isKindName(kind)) return
    const owner = { kind, namespace, name, uid }
    const configMap = `last-good-${uid}`
    const known = this.#caches.lastGood.store.get(namespace, configMap)
    if (known && conflictOf(known, owner)) return
    const ownerReferences = [
      { apiVersion, kind: own[kind].kind, name, uid, controller: true, blockOwnerDeletion: true },
    ]
    const metadata = {
      name: configMap,
      namespace,
      labels: { [managedBy]: manager, [lastGoodLabel]: kind },
      ownerReferences,
      ...(known?.metadata.uid !== undefined && { uid: known.metadata.uid }),
    }
    try {
      await this.#client.apply(
        children.ConfigMap,
        namespace,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [dataKey]: JSON.stringify(good) } },
        { manager, force: known !== undefined },
      )
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#log.warn('a last good spec was not kept', { namespace, kind, name, error: error.message })
    }
    this.#written.set(uid, generation)
  }
}
