import { hash } from 'node:crypto'
import { isStatus, type ApiError } from '../kit/api-error.ts'
import type { ApiClient } from '../kit/client.ts'
import { compareVersions, type ApiObject } from '../kit/resource.ts'
import type { Foreign, KubernetesObject, NameConflict, ApplyRefusal } from '../translate/index.ts'
import type { Caches } from '../cache/caches.ts'
import { KeyedMutex } from '../kit/keyed-mutex.ts'
import { foreignPaths, remainingDrift, type DriftRepair } from './drift-repair.ts'
import { conflictOf, findObject, type Owner } from '../ownership.ts'
import { children, isChildKind, manager, type ChildKind } from '../resources.ts'
import { isRefusal } from '../kit/refusals.ts'

/** No object has this version: that of a store into which nothing has been written yet. */
const noVersion = '1'

/** An object as the plan has it. */
export type DesiredObject = { readonly object: KubernetesObject; readonly fingerprint: string }

/** What was applied, and what came of it. */
type AppliedRecord = {
  readonly fingerprint: string
  readonly version: string
  readonly revision: string
  readonly foreign?: Foreign
  /** Paths of what is to be removed later. */
  readonly open: readonly string[]
}

export type ApplyOutcome =
  | {
      readonly change: 'none' | 'created' | 'changed'
      readonly foreign?: Foreign
      /** Paths of what others had put in, and is gone. */
      readonly removed?: readonly string[]
    }
  | { readonly conflict: NameConflict }
  | { readonly refusal: ApplyRefusal }

export const withFingerprint = (object: KubernetesObject): DesiredObject => ({
  object,
  fingerprint: hash('sha1', JSON.stringify(object)),
})

/** Names an object within the cluster. */
export const objectKey = ({ kind, metadata }: KubernetesObject | ApiObject): string =>
  `${kind}/${metadata.namespace}/${metadata.name}`

/** Annotations that controllers of Kubernetes write are no drift. */
const isAuthored = ([name]: [string, string]): boolean => !name.startsWith('deployment.kubernetes.io/')

/** Differs when another client changed an object. A kind without a generation holds little else than what the operator owns, so any new version counts. */
function revisionOf({ metadata }: ApiObject): string {
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
  const authored = Object.fromEntries(Object.entries(annotations).filter(isAuthored))
  return JSON.stringify([
    uid,
    generation ?? resourceVersion,
    sorted(labels),
    sorted(authored),
    ownerReferences,
    deletionTimestamp,
  ])
}

/**
 * Writes the objects of servers, Deployments among them, by server-side apply: each only when it differs from the last apply, and none of another owner. An apply
 * leaves in place what other clients added, so its answer, which is the whole object, is compared with the desired one and repaired (decision 37).
 */
export class Applier {
  readonly #client: ApiClient
  readonly #caches: Caches
  readonly #driftRepair: DriftRepair
  readonly #records = new Map<string, AppliedRecord>()
  /** Objects that exist, and are not in the caches. */
  readonly #existing = new Set<string>()
  /** Objects whose last write got no answer: they are read before the next one. */
  readonly #unanswered = new Set<string>()
  readonly #mutex = new KeyedMutex()

  constructor(client: ApiClient, caches: Caches, driftRepair: DriftRepair) {
    this.#client = client
    this.#caches = caches
    this.#driftRepair = driftRepair
  }

  /** Whether an object has to be applied: it never was, is to be otherwise, was changed by others, or has gone. */
  needsApply(key: string, fingerprint: string): boolean {
    const record = this.#records.get(key)
    if (record?.fingerprint !== fingerprint || this.repairDelay(key) === 0) return true
    const { kind, namespace, name } = partsOf(key)
    const { store } = this.#caches.children[kindOf({ kind })]
    const child = store.get(namespace, name)
    if (child === undefined) return store.hasSeen(record.version)
    // What was seen before our own last write says nothing.
    const isNews = compareVersions(child.metadata.resourceVersion ?? '', record.version) > 0
    return isNews && revisionOf(child) !== record.revision
  }

  /** Milliseconds until what others put into an object may be removed once more; undefined when nothing is to be. */
  repairDelay(key: string): number | undefined {
    const { open = [] } = this.#records.get(key) ?? {}
    return open.length === 0 ? undefined : this.#driftRepair.delay(key, open)
  }

  forget(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#records.delete(key)
      this.#existing.delete(key)
      this.#unanswered.delete(key)
      this.#driftRepair.forget(key)
    }
  }

  /**
   * Applies an object for its owner. The desired object is read when its turn has come, so that the later of two plans holds.
   * @throws ApiError,@throws PendingDeletionError: to be tried again
   */
  async apply(key: string, latest: () => DesiredObject | undefined, owner: Owner): Promise<ApplyOutcome> {
    return this.#mutex.run(key, async () => {
      const desired = latest()
      if (desired === undefined || !this.needsApply(key, desired.fingerprint)) {
        const { foreign } = this.#records.get(key) ?? {}
        return { change: 'none', ...(foreign && { foreign }) }
      }
      try {
        return await this.#write(desired, owner).catch((error: unknown) => {
          // An object of that name exists after all: look it up, and check its owner.
          if (isStatus(error, 409) && this.#existing.has(key)) return this.#write(desired, owner)
          throw error
        })
      } catch (error) {
        if (isStatus(error, 0, 504)) this.#unanswered.add(key)
        if (!isRefusal(error)) throw error
        return this.#refused(desired, owner, error)
      }
    })
  }

  /**
   * What others put into an object is part of what an apply comes to, and may be why it is refused: a container that our own fence does not let pass, or two
   * sources of one volume. One write of the whole object is free of it.
   */
  async #refused({ object, fingerprint }: DesiredObject, owner: Owner, error: ApiError): Promise<ApplyOutcome> {
    const { kind, metadata } = object
    const live = await findObject(this.#client, children[kindOf(object)], metadata.namespace, metadata.name)
    const refusal = { kind, name: metadata.name, message: error.message }
    if (!live) return { refusal }
    const conflict = conflictOf({ ...live, kind }, owner)
    if (conflict) return { conflict }
    const { repaired, problem, removed = [] } = await this.#driftRepair.repair(object, live)
    if (!problem && repaired.metadata.resourceVersion !== live.metadata.resourceVersion)
      return { change: 'changed', removed, ...this.#noteWritten(object, fingerprint, repaired) }
    const entries = foreignPaths(object, live)
    return { refusal: { ...refusal, ...(problem && { message: problem.message }), ...(entries && { entries }) } }
  }

  async #write({ object, fingerprint }: DesiredObject, owner: Owner): Promise<ApplyOutcome> {
    const resource = children[kindOf(object)]
    const { namespace } = object.metadata
    const known = await this.#lookUp(object)
    const conflict = known && conflictOf({ ...known, kind: object.kind }, owner)
    if (conflict) return { conflict }
    const recreated = known && (await this.#driftRepair.recreateOversized(object, known))
    if (recreated) return { change: 'changed', removed: ['*'], ...this.#noteWritten(object, fingerprint, recreated) }
    // The uid pins the very object that was judged. For one that is not there, a version that none can have lets the write fail if it is.
    const pin = known ? { uid: known.metadata.uid } : { resourceVersion: noVersion }
    const pinned = { ...object, metadata: { ...object.metadata, ...pin } } as ApiObject
    const options = { manager, force: known !== undefined }
    const applied = await this.#client.apply(resource, namespace, pinned, options).catch((error: unknown) => {
      if (isStatus(error, 409)) this.#existing.add(objectKey(object))
      throw error
    })
    this.#existing.delete(objectKey(object))
    const { repaired, removed = [] } = await this.#driftRepair.repair(object, applied)
    const noted = { removed, ...this.#noteWritten(object, fingerprint, repaired) }
    if (known === undefined) return { change: 'created', ...noted }
    return {
      change: known.metadata.resourceVersion === repaired.metadata.resourceVersion ? 'none' : 'changed',
      ...noted,
    }
  }

  /** What is known of an object, and all of it when a write of it got no answer. */
  async #lookUp(object: KubernetesObject): Promise<ApiObject | undefined> {
    const { namespace, name } = object.metadata
    const isUnclear = this.#unanswered.delete(objectKey(object))
    const seen = isUnclear ? undefined : this.#child(object)
    if (seen ?? (!isUnclear && this.#isNew(object))) return seen
    return findObject(this.#client, children[kindOf(object)], namespace, name)
  }

  /** Notes down how an object stands after a write. */
  #noteWritten(object: KubernetesObject, fingerprint: string, applied: ApiObject): { readonly foreign?: Foreign } {
    const { open, foreign } = remainingDrift(object, applied)
    const more = foreign && { foreign }
    const version = applied.metadata.resourceVersion ?? ''
    this.#records.set(objectKey(object), { fingerprint, version, revision: revisionOf(applied), open, ...more })
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
