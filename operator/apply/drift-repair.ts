import { isStatus, type ApiError } from '../kit/api-error.ts'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import { differences, foreignOf, foreignMetadata } from '../translate/objects/foreign.ts'
import type { Foreign, KubernetesObject } from '../translate/index.ts'
import { needsRecreation, isBloated, replacePatch } from '../translate/objects/replace-patch.ts'
import { PendingDeletionError } from '../ownership.ts'
import { RepairBackoff } from './repair-backoff.ts'
import { children, isChildKind, manager } from '../resources.ts'
import { isRefusal } from '../kit/refusals.ts'

/** An object after its repair; `problem` is the answer of the API server if it refused the repair. */
export type RepairResult = {
  readonly repaired: ApiObject
  readonly problem?: ApiError
  /** Paths of what other clients had added, and was removed. */
  readonly removed?: readonly string[]
}

const attempts = 4
/** Stands for all that makes an object too large. */
const size = ['*']
/** No object has this version. */
const noVersion = '1'

const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.namespace}/${metadata.name}`
const pathsIn = (desired: KubernetesObject, live: ApiObject): string[] =>
  differences(desired, live).map(({ path }) => path)
const addedIn = (desired: KubernetesObject, live: ApiObject): string[] =>
  differences(desired, live).flatMap(({ path, how }) => (how === 'added' ? [path] : []))

/** Paths of foreign entries in an object, for a message. */
export function foreignPaths(desired: KubernetesObject, live: ApiObject): string[] | undefined {
  const paths = addedIn(desired, live)
  return paths.length === 0 ? undefined : paths.slice(0, 32)
}

/** What is still to be removed from an object, and how a status reports it. */
export function remainingDrift(
  desired: KubernetesObject,
  live: ApiObject,
): { readonly open: readonly string[]; readonly foreign: Foreign | undefined } {
  const found = differences(desired, live)
  const foreign = foreignOf(desired, [...found, ...foreignMetadata(desired, live)])
  return { open: found.map(({ path }) => path), foreign }
}

/** Removes from objects what other clients added or changed, as often as {@link RepairBackoff} allows. */
export class DriftRepair {
  readonly #client: ApiClient
  readonly #backoff: RepairBackoff

  constructor(client: ApiClient, clock: MonotonicClock) {
    this.#client = client
    this.#backoff = new RepairBackoff(clock)
  }

  delay(key: string, paths: readonly string[]): number {
    return this.#backoff.delay(key, paths)
  }

  forget(key: string): void {
    this.#backoff.forget(key)
  }

  /**
   * @param live one of ours, whole
   * @throws ApiError,@throws PendingDeletionError: to be tried again
   */
  async repair(desired: KubernetesObject, live: ApiObject): Promise<RepairResult> {
    const key = keyOf(desired)
    let seen = live
    for (let attempt = 1; ; attempt++) {
      const paths = pathsIn(desired, seen)
      if (paths.length === 0 || this.#backoff.delay(key, paths) > 0) return { repaired: seen }
      try {
        const repaired = await (needsRecreation(desired, seen)
          ? this.#recreate(desired, seen)
          : this.#overwrite(desired, seen))
        const left = pathsIn(desired, repaired)
        this.#backoff.record(key, paths, left)
        return { repaired, removed: addedIn(desired, seen).filter(path => !left.includes(path)) }
      } catch (error) {
        const now = await this.#changedSince(desired, seen, error)
        if (now && attempt < attempts) seen = now
        else if (now === undefined && isRefusal(error)) {
          this.#backoff.record(key, paths, [])
          return { repaired: seen, problem: error }
        } else throw error
      }
    }
  }

  /**
   * Deletes and creates an object again that is too large for any write.
   * @throws ApiError,@throws PendingDeletionError: to be tried again
   */
  async recreateOversized(desired: KubernetesObject, live: ApiObject): Promise<ApiObject | undefined> {
    const key = keyOf(desired)
    if (!isBloated(desired, live) || this.#backoff.delay(key, size) > 0) return undefined
    const made = await this.#recreate(desired, live)
    this.#backoff.record(key, size, isBloated(desired, made) ? size : [])
    return made
  }

  /**
   * The object as it is, if a repair failed for no more than that it has changed since. A patch for another generation is refused in words that do not tell it from one
   * whose outcome is invalid.
   */
  async #changedSince(desired: KubernetesObject, seen: ApiObject, error: unknown): Promise<ApiObject | undefined> {
    if (!isStatus(error, 409, 422)) return undefined
    const now = await this.#client.get(resourceOf(desired), desired.metadata.namespace, desired.metadata.name)
    if (now.metadata.uid !== seen.metadata.uid) throw error
    return isStatus(error, 409) || now.metadata.generation !== seen.metadata.generation ? now : undefined
  }

  #overwrite(desired: KubernetesObject, live: ApiObject): Promise<ApiObject> {
    const { namespace, name } = desired.metadata
    return this.#client.patch(resourceOf(desired), namespace, name, replacePatch(desired, live), {
      type: 'json',
      manager,
    })
  }

  /** @throws@throws PendingDeletionError: it takes a while until it has gone */
  async #recreate(desired: KubernetesObject, { metadata: { uid } }: ApiObject): Promise<ApiObject> {
    const { namespace, name } = desired.metadata
    await this.#client.delete(resourceOf(desired), namespace, name, { ...(uid !== undefined && { uid }) })
    const fresh = { ...desired, metadata: { ...desired.metadata, resourceVersion: noVersion } } as ApiObject
    try {
      return await this.#client.apply(resourceOf(desired), namespace, fresh, { manager, force: false })
    } catch (error) {
      if (isStatus(error, 409)) throw new PendingDeletionError(`${desired.kind} ${name} is still being removed`)
      throw error
    }
  }
}

function resourceOf({ kind }: KubernetesObject) {
  if (!isChildKind(kind)) throw new TypeError(`${kind} is not applied`)
  return children[kind]
}
