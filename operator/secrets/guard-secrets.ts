import { randomBytes } from 'node:crypto'
import { apiVersion } from '../../crds/index.ts'
import { drainToken, guardBytes, operatorToken, statusKey, withdrawalKey } from '../../gateway/config/guard.ts'
import { ApiError } from '../kit/api-error.ts'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { NameConflict, ApplyRefusal } from '../translate/index.ts'
import { createSecret, findOrCreate, valueOf, type NewSecret } from './secret-objects.ts'
import { conflictOf, ownedBy, type Owner } from '../ownership.ts'
import { isRefusal } from '../kit/refusals.ts'

/** What the operator proves itself to a gateway with, and what it checks its signatures with. */
export type GuardProofs = { readonly operator: string; readonly status: Buffer; readonly withdrawal: Buffer }

export type GuardKeys = GuardProofs & {
  readonly drain: string
  /** Of the guard secret before, while it is rotated: a gateway whose kubelet has not brought it the new one knows no other. */
  readonly previous?: GuardProofs
}

/** Reasons to read a guard secret before its interval is over. */
export type RefreshHint = {
  /** The server has no objects yet, so that its secret is more likely missing than not. */
  readonly isNew: boolean
  /** A pod of it has not begun: without the secret that it mounts none does. */
  readonly isWaiting: boolean
  /** The version of the server as its author wrote it. After you rotate its secret, change the server, and the secret is read at once. */
  readonly authored: string
}

type Known = {
  readonly uid: string
  readonly at: number
  readonly authored: string
  readonly keys?: GuardKeys
  readonly conflict?: NameConflict
  readonly refusal?: ApplyRefusal
}

/** Milliseconds after which a guard secret is looked at again: one that was deleted is made anew. One that cannot be used is looked at sooner. */
const refreshInterval = 300_000
const retryInterval = 10_000

export const guardName = (server: string): string => `${server}-guard`

const keyOf = ({ namespace, name }: Owner): string => `${namespace}/${name}`

function secretFor(owner: Owner): NewSecret {
  return {
    namespace: owner.namespace,
    name: guardName(owner.name),
    labels: { 'app.kubernetes.io/name': 'mcp-server', 'app.kubernetes.io/instance': owner.name },
    ownerReferences: ownedBy(owner, apiVersion),
    data: { guard: randomBytes(guardBytes) },
  }
}

/** The guard secrets of all servers: made once, never taken over, and kept in memory as what is derived from them. */
export class GuardSecrets {
  readonly #client: ApiClient
  readonly #clock: MonotonicClock
  readonly #known = new Map<string, Known>()

  constructor(client: ApiClient, clock: MonotonicClock) {
    this.#client = client
    this.#clock = clock
  }

  keys(namespace: string, server: string): GuardKeys | undefined {
    return this.#known.get(`${namespace}/${server}`)?.keys
  }

  problem(namespace: string, server: string): Pick<Known, 'conflict' | 'refusal'> {
    const { conflict, refusal } = this.#known.get(`${namespace}/${server}`) ?? {}
    return { ...(conflict && { conflict }), ...(refusal && { refusal }) }
  }

  /** A gateway did not know our token: whether the secret is still the one that we know is to be looked at. */
  expire(namespace: string, server: string): void {
    const key = `${namespace}/${server}`
    const known = this.#known.get(key)
    if (!known) return
    // Who asks again and again must not put it off again and again.
    const at = Math.min(known.at, this.#clock.elapsed() - refreshInterval + retryInterval)
    this.#known.set(key, { ...known, at })
  }

  forget(namespace: string, server: string): void {
    this.#known.delete(`${namespace}/${server}`)
  }

  /**
   * Makes the secret of a server unless it exists, and learns what is in it. That the API server would not have it is trouble like any other.
   * @throws@throws PendingDeletionError, ApiError: to be tried again
   */
  async ensure(owner: Owner, { isNew, isWaiting, authored }: RefreshHint): Promise<void> {
    const known = this.#known.get(keyOf(owner))
    const before = known?.uid === owner.uid ? known : undefined
    if (before?.authored === authored && this.#clock.elapsed() - before.at < intervalFor(before, isWaiting)) return
    const found = await this.#find(owner, isNew)
    const judged =
      found instanceof ApiError ? refused(found.message, owner, before?.keys) : judge(found, owner, before?.keys)
    this.#known.set(keyOf(owner), { uid: owner.uid, at: this.#clock.elapsed(), authored: authored, ...judged })
  }

  async #find(owner: Owner, isNew: boolean): Promise<ApiObject | ApiError> {
    const wanted = secretFor(owner)
    try {
      const made = isNew ? await createSecret(this.#client, wanted) : undefined
      return made ?? (await findOrCreate(this.#client, wanted))
    } catch (error) {
      if (isRefusal(error)) return error
      throw error
    }
  }
}

const intervalFor = ({ keys, refusal }: Known, isWaiting: boolean): number =>
  keys && !refusal && !isWaiting ? refreshInterval : retryInterval

const proofsOf = (guard: Buffer): GuardProofs => ({
  operator: operatorToken(guard),
  status: statusKey(guard),
  withdrawal: withdrawalKey(guard),
})

type Judged = Pick<Known, 'keys' | 'conflict' | 'refusal'>

/** @param before what was known of the secret: a gateway keeps that, too, while it finds another that it cannot use */
const refused = (message: string, owner: Owner, before: GuardKeys | undefined): Judged => ({
  ...(before && { keys: before }),
  refusal: { kind: 'Secret', name: guardName(owner.name), message },
})

function judge(secret: ApiObject, owner: Owner, before: GuardKeys | undefined): Judged {
  const conflict = conflictOf({ ...secret, kind: 'Secret' }, owner)
  if (conflict) return { conflict }
  const [guard, previous] = [valueOf(secret, 'guard'), valueOf(secret, 'previous')]
  const isNone = (message: string): Judged => refused(message, owner, before)
  if (guard?.length !== guardBytes)
    return isNone(`its key guard does not hold ${guardBytes} bytes: delete the Secret, and a new one is made`)
  if (previous !== undefined && previous.length !== guardBytes)
    return isNone(`its key previous does not hold ${guardBytes} bytes: remove that key, or put in the former guard`)
  const keys = { ...proofsOf(guard), drain: drainToken(guard) }
  return { keys: previous === undefined ? keys : { ...keys, previous: proofsOf(previous) } }
}
