import { randomBytes } from 'node:crypto'
import { apiVersion } from '../crds/index.ts'
import { drainToken, guardBytes, operatorToken, statusKey, withdrawalKey } from '../gateway/config/guard.ts'
import type { Client } from './kit/client.ts'
import type { Clock } from './kit/clock.ts'
import type { ApiObject } from './kit/resource.ts'
import type { NameConflict, Refusal } from './translate/index.ts'
import { createSecret, findOrCreate, valueOf, type NewSecret } from './kept-secret.ts'
import { conflictOf, ownedBy, type Owner } from './ownership.ts'

/** What the operator shows to a gateway and believes it by. */
export type GuardKeys = {
  readonly operator: string
  readonly drain: string
  readonly status: Buffer
  readonly withdrawal: Buffer
}

type Known = {
  readonly uid: string
  readonly at: number
  readonly keys?: GuardKeys
  readonly conflict?: NameConflict
  readonly refusal?: Refusal
}

/** Milliseconds after which a guard secret is looked for again: one that was deleted is made anew. One that stands in the way is looked at sooner. */
const lookAgain = 300_000
const troubleAgain = 10_000

export const guardName = (server: string): string => `${server}-guard`

const keyOf = ({ namespace, name }: Owner): string => `${namespace}/${name}`

const keysFrom = (guard: Buffer): GuardKeys => ({
  operator: operatorToken(guard),
  drain: drainToken(guard),
  status: statusKey(guard),
  withdrawal: withdrawalKey(guard),
})

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
    if (known) this.#known.set(key, { ...known, at: this.#clock.elapsed() - lookAgain + troubleAgain })
  }

  forget(namespace: string, server: string): void {
    this.#known.delete(`${namespace}/${server}`)
  }

  /**
   * Makes the secret of a server unless it exists.
   * @param isNew the server has no objects yet, so that its secret is more likely missing than not
   * @throws Leftover, ApiError
   */
  async ensure(owner: Owner, isNew: boolean): Promise<void> {
    const known = this.#known.get(keyOf(owner))
    const again = known?.keys ? lookAgain : troubleAgain
    if (known?.uid === owner.uid && this.#clock.elapsed() - known.at < again) return
    const wanted = secretFor(owner)
    const made = isNew ? await createSecret(this.#client, wanted) : undefined
    this.#known.set(keyOf(owner), this.#judge(made ?? (await findOrCreate(this.#client, wanted)), owner))
  }

  #judge(secret: ApiObject, owner: Owner): Known {
    const common = { uid: owner.uid, at: this.#clock.elapsed() }
    const conflict = conflictOf({ ...secret, kind: 'Secret' }, owner)
    if (conflict) return { ...common, conflict }
    const guard = valueOf(secret, 'guard')
    if (guard?.length === guardBytes) return { ...common, keys: keysFrom(guard) }
    const name = guardName(owner.name)
    const message = `its key guard does not hold ${guardBytes} bytes: delete the Secret, and a new one is made`
    return { ...common, refusal: { kind: 'Secret', name, message } }
  }
}
