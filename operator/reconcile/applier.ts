import { hash } from 'node:crypto'
import { isStatus, type ApiError } from '../kit/api-error.ts'
import type { Client } from '../kit/client.ts'
import { compareVersions, type ApiObject } from '../kit/resource.ts'
import type { Foreign, KubernetesObject, NameConflict, ApplyRefusal } from '../translate/index.ts'
import type { Caches } from '../cache/caches.ts'
import { Lock } from '../kit/lock.ts'
import { entriesOf, standing, type Mender } from './mender.ts'
import { conflictOf, find, type Owner } from '../ownership.ts'
import { children, isChildKind, manager, type ChildKind } from '../resources.ts'
import { isRefusal } from '../kit/terminating.ts'

/** No object has this version: that of a store into which nothing has been written yet. */
const noVersion = '1'

/** An object as it has to be. */
export type Wish = { readonly object: KubernetesObject; readonly fingerprint: string }

/** What was applied, and how the object looked right after. */
type Record = {
  readonly fingerprint: string
  readonly version: string
  readonly mark: string
  readonly foreign?: Foreign
  /** Paths of what is to be removed later. */
  readonly open: readonly string[]
}

export type Outcome =
  | {
      readonly change: 'none' | 'created' | 'changed'
      readonly foreign?: Foreign
      /** Paths of what others had put in, and is gone. */
      readonly removed?: readonly string[]
    }
  | { readonly conflict: NameConflict }
  | { readonly refusal: ApplyRefusal }

export const wishFor = (object: KubernetesObject): Wish => ({
  object,
  fingerprint: hash('sha1', JSON.stringify(object)),
})

/** Names an object within the cluster. */
export const objectKey = ({ kind, metadata }: KubernetesObject | ApiObject): string =>
  `${kind}/${metadata.namespace}/${metadata.name}`

/** The annotations that controllers write by themselves are nobody's drift. */
const isSpoken = ([name]: [string, string]): boolean => !name.startsWith('deployment.kubernetes.io/')

/** What tells that somebody changed an object. A kind without a generation has little else in it than what we own, so any version counts. */
function markOf({ metadata }: ApiObject): string {
  const {
    uid,
    generation,
    resourceVersion,
    labels = {},
    annotations = {},
    ownerReferences,
    deletionTimestamp,
  } = metadata
  const sorted = (map: object): unknown => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))
  const spoken = Object.fromEntries(Object.entries(annotations).filter(isSpoken))
  return JSON.stringify([
    uid,
    generation ?? resourceVersion,
    sorted(labels),
    sorted(spoken),
    ownerReferences,
    deletionTimestamp,
  ])
}

/**
 * Applies objects server-side, each only when something is otherwise than after the last time, and none that belongs to others. What others put into an object is
 * left there by an apply, so its answer, which is the whole object, is compared with the wish and mended (decision 37).
 */
export class Applier {
  readonly #client: Client
  readonly #caches: Caches
  readonly #mender: Mender
  readonly #records = new Map<string, Record>()
  /** Objects of our names that exist and are not among what was seen. */
  readonly #existing = new Set<string>()
  /** Objects of which the last write got no answer: what is in them is to be looked at first. */
  readonly #unanswered = new Set<string>()
  readonly #lock = new Lock()

  constructor(client: Client, caches: Caches, mender: Mender) {
    this.#client = client
    this.#caches = caches
    this.#mender = mender
  }

  /** Whether an object has to be applied: it never was, is to be otherwise, was changed by others, or has gone. */
  needs(key: string, fingerprint: string): boolean {
    const record = this.#records.get(key)
    if (record?.fingerprint !== fingerprint || this.rest(key) === 0) return true
    const { kind, namespace, name } = partsOf(key)
    const { store } = this.#caches.children[kindOf({ kind })]
    const child = store.get(namespace, name)
    if (child === undefined) return store.hasSeen(record.version)
    // What was seen before our own last write says nothing.
    const isNews = compareVersions(child.metadata.resourceVersion ?? '', record.version) > 0
    return isNews && markOf(child) !== record.mark
  }

  /** Milliseconds until what others put into an object may be removed once more; undefined when nothing is to be. */
  rest(key: string): number | undefined {
    const { open = [] } = this.#records.get(key) ?? {}
    return open.length === 0 ? undefined : this.#mender.rest(key, open)
  }

  forget(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#records.delete(key)
      this.#existing.delete(key)
      this.#unanswered.delete(key)
      this.#mender.forget(key)
    }
  }

  /**
   * Applies an object for its owner. What is wished is asked for when its turn has come, so that of two who plan at once the later plan holds.
   * @throws ApiError, Leftover: to be tried again
   */
  async apply(key: string, latest: () => Wish | undefined, owner: Owner): Promise<Outcome> {
    return this.#lock.with(key, async () => {
      const wish = latest()
      if (wish === undefined || !this.needs(key, wish.fingerprint)) {
        const { foreign } = this.#records.get(key) ?? {}
        return { change: 'none', ...(foreign && { foreign }) }
      }
      try {
        return await this.#write(wish, owner).catch((error: unknown) => {
          // Something of that name is there after all: it is looked at, and judged.
          if (isStatus(error, 409) && this.#existing.has(key)) return this.#write(wish, owner)
          throw error
        })
      } catch (error) {
        if (isStatus(error, 0, 504)) this.#unanswered.add(key)
        if (!isRefusal(error)) throw error
        return this.#refused(wish, owner, error)
      }
    })
  }

  /**
   * What others put into an object is part of what an apply comes to, and may be why it is refused: a container that our own fence does not let pass, or two
   * sources of one volume. One write of the whole object is free of it.
   */
  async #refused({ object, fingerprint }: Wish, owner: Owner, error: ApiError): Promise<Outcome> {
    const { kind, metadata } = object
    const live = await find(this.#client, children[kindOf(object)], metadata.namespace, metadata.name)
    const refusal = { kind, name: metadata.name, message: error.message }
    if (!live) return { refusal }
    const conflict = conflictOf({ ...live, kind }, owner)
    if (conflict) return { conflict }
    const { mended, problem, removed = [] } = await this.#mender.mend(object, live)
    if (!problem && mended.metadata.resourceVersion !== live.metadata.resourceVersion)
      return { change: 'changed', removed, ...this.#note(object, fingerprint, mended) }
    const entries = entriesOf(object, live)
    return { refusal: { ...refusal, ...(problem && { message: problem.message }), ...(entries && { entries }) } }
  }

  async #write({ object, fingerprint }: Wish, owner: Owner): Promise<Outcome> {
    const resource = children[kindOf(object)]
    const { namespace } = object.metadata
    const known = await this.#look(object)
    const conflict = known && conflictOf({ ...known, kind: object.kind }, owner)
    if (conflict) return { conflict }
    const slim = known && (await this.#mender.slim(object, known))
    if (slim) return { change: 'changed', removed: ['*'], ...this.#note(object, fingerprint, slim) }
    // The uid pins the very object that was judged. For one that is not there, a version that none can have lets the write fail if it is.
    const pin = known ? { uid: known.metadata.uid } : { resourceVersion: noVersion }
    const pinned = { ...object, metadata: { ...object.metadata, ...pin } } as ApiObject
    const options = { manager, force: known !== undefined }
    const applied = await this.#client.apply(resource, namespace, pinned, options).catch((error: unknown) => {
      if (isStatus(error, 409)) this.#existing.add(objectKey(object))
      throw error
    })
    this.#existing.delete(objectKey(object))
    const { mended, removed = [] } = await this.#mender.mend(object, applied)
    const noted = { removed, ...this.#note(object, fingerprint, mended) }
    if (known === undefined) return { change: 'created', ...noted }
    return { change: known.metadata.resourceVersion === mended.metadata.resourceVersion ? 'none' : 'changed', ...noted }
  }

  /** What is known of an object, and all of it when a write of it got no answer. */
  async #look(object: KubernetesObject): Promise<ApiObject | undefined> {
    const { namespace, name } = object.metadata
    const isUnclear = this.#unanswered.delete(objectKey(object))
    const seen = isUnclear ? undefined : this.#child(object)
    if (seen ?? (!isUnclear && this.#isNew(object))) return seen
    return find(this.#client, children[kindOf(object)], namespace, name)
  }

  /** Notes down how an object stands after a write. */
  #note(object: KubernetesObject, fingerprint: string, applied: ApiObject): { readonly foreign?: Foreign } {
    const { open, foreign } = standing(object, applied)
    const more = foreign && { foreign }
    const version = applied.metadata.resourceVersion ?? ''
    this.#records.set(objectKey(object), { fingerprint, version, mark: markOf(applied), open, ...more })
    return { ...more }
  }

  /** Deletes a child that is not wanted any more, if it is still the one that was seen. */
  async remove(child: ApiObject): Promise<void> {
    const { namespace, name = '', uid } = child.metadata
    if (!isChildKind(child.kind) || uid === undefined) return
    try {
      await this.#client.delete(children[child.kind], namespace, name, { uid })
    } catch (error) {
      if (!isStatus(error, 404, 409)) throw error
    }
    this.#records.delete(objectKey(child))
  }

  /** What is not among our own is most likely not there; only if the write says otherwise is it looked at. */
  #isNew(object: KubernetesObject): boolean {
    return !this.#existing.has(objectKey(object))
  }

  #child(object: KubernetesObject): ApiObject | undefined {
    return this.#caches.children[kindOf(object)].store.get(object.metadata.namespace, object.metadata.name)
  }
}

function partsOf(key: string) {
  const [kind = '', namespace = '', name = ''] = key.split('/')
  return { kind, namespace, name }
}

function kindOf({ kind }: Pick<KubernetesObject, 'kind'>): ChildKind {
  if (!isChildKind(kind)) throw new TypeError(`${kind} is not applied`)
  return kind
}
