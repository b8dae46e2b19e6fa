import { isStatus, type ApiError } from '../kit/api-error.ts'
import type { Client } from '../kit/client.ts'
import type { Clock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import { differences, foreignOf, leftAlone } from '../translate/objects/foreign.ts'
import type { Foreign, KubernetesObject } from '../translate/index.ts'
import { isBeyondRepair, isBloated, replacePatch } from '../translate/objects/replace-patch.ts'
import { Leftover } from '../ownership.ts'
import { Repairs } from './repairs.ts'
import { children, isChildKind, manager } from '../resources.ts'
import { isRefusal } from '../kit/terminating.ts'

/** An object after it was looked at; the problem is what the API server said to the repair, if it would not have it. */
export type Mended = {
  readonly mended: ApiObject
  readonly problem?: ApiError
  /** Paths of what others had put in, and is gone. */
  readonly removed?: readonly string[]
}

const attempts = 4
/** Stands for all that makes an object too large. */
const size = ['*']
/** No object has this version. */
const noVersion = '1'

const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.namespace}/${metadata.name}`
const pathsIn = (wish: KubernetesObject, live: ApiObject): string[] => differences(wish, live).map(({ path }) => path)
const addedIn = (wish: KubernetesObject, live: ApiObject): string[] =>
  differences(wish, live).flatMap(({ path, how }) => (how === 'added' ? [path] : []))

/** What is in an object and is to go, for a message. */
export function entriesOf(wish: KubernetesObject, live: ApiObject): string[] | undefined {
  const paths = addedIn(wish, live)
  return paths.length === 0 ? undefined : paths.slice(0, 32)
}

/** What of an object is still to be removed, and what is told of it. */
export function standing(
  wish: KubernetesObject,
  live: ApiObject,
): { readonly open: readonly string[]; readonly foreign: Foreign | undefined } {
  const found = differences(wish, live)
  const foreign = foreignOf(wish, [...found, ...leftAlone(wish, live)])
  return { open: found.map(({ path }) => path), foreign }
}

/** Makes of an object exactly what was asked for, as often as {@link Repairs} allow. */
export class Mender {
  readonly #client: Client
  readonly #repairs: Repairs

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#repairs = new Repairs(clock)
  }

  rest(key: string, paths: readonly string[]): number {
    return this.#repairs.rest(key, paths)
  }

  forget(key: string): void {
    this.#repairs.forget(key)
  }

  /**
   * @param live one of ours, whole
   * @throws ApiError, Leftover: to be tried again
   */
  async mend(wish: KubernetesObject, live: ApiObject): Promise<Mended> {
    const key = keyOf(wish)
    let seen = live
    for (let attempt = 1; ; attempt++) {
      const paths = pathsIn(wish, seen)
      if (paths.length === 0 || this.#repairs.rest(key, paths) > 0) return { mended: seen }
      try {
        const mended = await (isBeyondRepair(wish, seen) ? this.#anew(wish, seen) : this.#overwrite(wish, seen))
        const left = pathsIn(wish, mended)
        this.#repairs.tried(key, paths, left)
        return { mended, removed: addedIn(wish, seen).filter(path => !left.includes(path)) }
      } catch (error) {
        const now = await this.#newer(wish, seen, error)
        if (now && attempt < attempts) seen = now
        else if (now === undefined && isRefusal(error)) {
          this.#repairs.tried(key, paths, [])
          return { mended: seen, problem: error }
        } else throw error
      }
    }
  }

  /**
   * Makes an object anew that no write would come through for.
   * @throws ApiError, Leftover: to be tried again
   */
  async slim(wish: KubernetesObject, live: ApiObject): Promise<ApiObject | undefined> {
    const key = keyOf(wish)
    if (!isBloated(wish, live) || this.#repairs.rest(key, size) > 0) return undefined
    const made = await this.#anew(wish, live)
    this.#repairs.tried(key, size, isBloated(wish, made) ? size : [])
    return made
  }

  /**
   * The object as it is, if a repair failed for no more than that it has changed since. A patch for another generation is refused in words that do not tell it from one
   * whose outcome is invalid.
   */
  async #newer(wish: KubernetesObject, seen: ApiObject, error: unknown): Promise<ApiObject | undefined> {
    if (!isStatus(error, 409, 422)) return undefined
    const now = await this.#client.get(resourceOf(wish), wish.metadata.namespace, wish.metadata.name)
    if (now.metadata.uid !== seen.metadata.uid) throw error
    return isStatus(error, 409) || now.metadata.generation !== seen.metadata.generation ? now : undefined
  }

  #overwrite(wish: KubernetesObject, live: ApiObject): Promise<ApiObject> {
    const { namespace, name } = wish.metadata
    return this.#client.patch(resourceOf(wish), namespace, name, replacePatch(wish, live), { type: 'json', manager })
  }

  /** @throws Leftover: it takes a while until it has gone */
  async #anew(wish: KubernetesObject, { metadata: { uid } }: ApiObject): Promise<ApiObject> {
    const { namespace, name } = wish.metadata
    await this.#client.delete(resourceOf(wish), namespace, name, { ...(uid !== undefined && { uid }) })
    const fresh = { ...wish, metadata: { ...wish.metadata, resourceVersion: noVersion } } as ApiObject
    try {
      return await this.#client.apply(resourceOf(wish), namespace, fresh, { manager, force: false })
    } catch (error) {
      if (isStatus(error, 409)) throw new Leftover(`${wish.kind} ${name} is still being removed`)
      throw error
    }
  }
}

function resourceOf({ kind }: KubernetesObject) {
  if (!isChildKind(kind)) throw new TypeError(`${kind} is not applied`)
  return children[kind]
}
