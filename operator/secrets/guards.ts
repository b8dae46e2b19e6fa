import { randomBytes } from 'node:crypto'
import { apiVersion } from '../../crds/index.ts'
import { drainToken, guardBytes, operatorToken, statusKey, withdrawalKey } from '../../gateway/config/guard.ts'
import { ApiError } from '../kit/api-error.ts'
import type { Client } from '../kit/client.ts'
import type { Clock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { NameConflict, ApplyRefusal } from '../translate/index.ts'
import { createSecret, findOrCreate, valueOf, type NewSecret } from './kept-secret.ts'
import { conflictOf, ownedBy, type Owner } from '../ownership.ts'
import { isRefusal } from '../kit/terminating.ts'

/** What the operator shows to a gateway and believes it by. */
export type Proofs = { readonly operator: string; readonly status: Buffer; readonly withdrawal: Buffer }

export type GuardKeys = Proofs & {
  readonly drain: string
  /** Of the guard secret before, while it is rotated: a gateway whose kubelet has not brought it the new one knows no other. */
  readonly previous?: Proofs
}

/** What may be a reason to look at a guard secret before its time. */
export type Occasion = {
  /** The server has no objects yet, so that its secret is more likely missing than not. */
  readonly isNew: boolean
  /** A pod of it has not begun: without the secret that it mounts none does. */
  readonly isWaiting: boolean
  /** What the author of the server said last. Whoever rotates its secret and touches the server need not wait. */
  readonly said: string
}

type Known = {
  readonly uid: string
  readonly at: number
  readonly said: string
  readonly keys?: GuardKeys
  readonly conflict?: NameConflict
  readonly refusal?: ApplyRefusal
}

/** Milliseconds after which a guard secret is looked at again: one that was deleted is made anew. One that is in somebody's way is looked at sooner. */
const lookAgain = 300_000
const troubleAgain = 10_000

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
export class Guards {
  readonly #client: Client
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()

  constructor(client: Client, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  keys(namespace: string, server: string): GuardKeys | undefined {
    return this.#known.get(`${namespace}/${server}`)?.keys
  }

  trouble(namespace: string, server: string): Pick<Known, 'conflict' | 'refusal'> {
    const { conflict, refusal } = this.#known.get(`${namespace}/${server}`) ?? {}
    return { ...(conflict && { conflict }), ...(refusal && { refusal }) }
  }

  /** A gateway did not know our token: whether the secret is still the one that we know is to be looked at. */
  expire(namespace: string, server: string): void {
    const key = `${namespace}/${server}`
    const known = this.#known.get(key)
    if (!known) return
    // Who asks again and again must not put it off again and again.
    const at = Math.min(known.at, this.#clock.elapsed() - lookAgain + troubleAgain)
    this.#known.set(key, { ...known, at })
  }

  forget(namespace: string, server: string): void {
    this.#known.delete(`${namespace}/${server}`)
  }

  /**
   * Makes the secret of a server unless it exists, and learns what is in it. That the API server would not have it is trouble like any other.
   * @throws Leftover, ApiError: to be tried again
   */
  async ensure(owner: Owner, { isNew, isWaiting, said }: Occasion): Promise<void> {
    const known = this.#known.get(keyOf(owner))
    const before = known?.uid === owner.uid ? known : undefined
    if (before?.said === said && this.#clock.elapsed() - before.at < patience(before, isWaiting)) return
    const found = await this.#find(owner, isNew)
    const judged =
      found instanceof ApiError ? refused(found.message, owner, before?.keys) : judge(found, owner, before?.keys)
    this.#known.set(keyOf(owner), { uid: owner.uid, at: this.#clock.elapsed(), said, ...judged })
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

const patience = ({ keys, refusal }: Known, isWaiting: boolean): number =>
  keys && !refusal && !isWaiting ? lookAgain : troubleAgain

const proofsOf = (guard: Buffer): Proofs => ({
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
