import { randomBytes } from 'node:crypto'
import { apiVersion } from '../../crds/index.ts'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { Generate, GeneratedKey } from '../translate/index.ts'
import { createSecret, findOrCreate, patchSecret, valueOf } from './secret-objects.ts'
import { digestOf, makeApiKey } from '../../gateway/config/api-key.ts'
import { conflictOf, findObject, ownedBy, type Owner } from '../ownership.ts'
import { secrets } from '../resources.ts'
import { isRefusal } from '../kit/refusals.ts'

/** Key of the delivered Secret under which the API key stands. */
export const deliveredKey = 'api-key'

type Known = { readonly at: number; readonly wish: string; readonly result: GeneratedKey }

/** Milliseconds after which it is looked whether the key was collected, and whether what stood in the way has gone. */
const refreshInterval = 30_000
const retryInterval = 5_000

/** Where a generated key is on its way. `pending` holds the key until it has been delivered. */
type DigestRecord = {
  readonly secret: ApiObject
  readonly secretName: string
  readonly digest: string
  readonly pending?: string
}

/**
 * Makes the keys of APIKeys with `generate`. The digest Secret comes first and holds the key itself for the moment until its delivery, so that
 * if the operator ends between two writes, the next one delivers the very same key. After that only the digest is left.
 */
export class GeneratedKeys {
  readonly #client: ApiClient
  readonly #clock: MonotonicClock
  readonly #known = new Map<string, Map<string, Known>>()

  constructor(client: ApiClient, clock: MonotonicClock) {
    this.#client = client
    this.#clock = clock
  }

  of(namespace: string): GeneratedKey[] {
    return [...(this.#known.get(namespace)?.values() ?? [])].map(({ result }) => result)
  }

  forget(namespace: string): void {
    this.#known.delete(namespace)
  }

  /** Has the Secrets of a key read at the next occasion. */
  expire(namespace: string, apiKey: string): void {
    const keys = this.#known.get(namespace)
    const known = keys?.get(apiKey)
    if (known) keys?.set(apiKey, { ...known, at: -Infinity })
  }

  /** Finds out which keys of a namespace were handed out before, and makes none. */
  async read(namespace: string, wishes: readonly Generate[]): Promise<void> {
    await this.ensure(
      namespace,
      wishes.map(wish => ({ ...wish, denied: true })),
    )
  }

  /** Sees to all wishes of a namespace. Resolves to whether anything is otherwise than before. */
  async ensure(namespace: string, wishes: readonly Generate[]): Promise<boolean> {
    const known = this.#known.get(namespace) ?? new Map<string, Known>()
    this.#known.set(namespace, known)
    const before = JSON.stringify(this.of(namespace))
    for (const name of known.keys()) if (!wishes.some(({ apiKey }) => apiKey === name)) known.delete(name)
    for (const wish of wishes) await this.#ensureOne(namespace, wish, known)
    return JSON.stringify(this.of(namespace)) !== before
  }

  async #ensureOne(namespace: string, wish: Generate, known: Map<string, Known>): Promise<void> {
    const text = JSON.stringify(wish)
    const last = known.get(wish.apiKey)
    const again = last?.result.problem ? retryInterval : refreshInterval
    if (last?.wish === text && this.#clock.elapsed() - last.at < again) return
    const result = await this.#make(namespace, wish)
    known.set(wish.apiKey, { at: this.#clock.elapsed(), wish: text, result })
  }

  async #make(namespace: string, wish: Generate): Promise<GeneratedKey> {
    const { apiKey, uid = '' } = wish
    const owner = { kind: 'APIKey', namespace, name: apiKey, uid }
    try {
      if (wish.denied === true) return { apiKey, uid, ...(await this.#deliveredBefore(owner, wish)) }
      return { apiKey, uid, ...(await this.#deliver(owner, wish)) }
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { apiKey, uid, problem: { reason: 'GenerateFailed', message: error.message } }
    }
  }

  async #deliver(owner: Owner, wish: Generate): Promise<Omit<GeneratedKey, 'apiKey' | 'uid'>> {
    const delivered = await findObject(this.#client, secrets, owner.namespace, wish.secretName)
    const taken = delivered && conflictOf({ ...delivered, kind: 'Secret' }, owner)
    if (taken) {
      // The person who fetched the key has deleted its Secret, and another object of that name may exist since.
      const kept = await this.#deliveredBefore(owner, wish)
      return kept?.secretName === wish.secretName ? { ...kept, collected: true } : problem(wish.secretName, taken.owner)
    }
    const record = await this.#record(owner, wish, delivered)
    if ('problem' in record) return record
    const made = { digest: record.digest, secretName: record.secretName }
    if (record.pending === undefined) return { ...made, ...(!delivered && { collected: true }) }
    if (!delivered && !(await this.#createDelivered(owner, wish, record.pending)))
      return problem(wish.secretName, 'another owner')
    await patchSecret(this.#client, record.secret, { pending: null })
    return made
  }

  /** The key that was handed out before, if there is one; it is only read, and stays valid whatever stands in the way of another. */
  async #deliveredBefore(
    owner: Owner,
    wish: Generate,
  ): Promise<Pick<GeneratedKey, 'digest' | 'secretName'> | undefined> {
    const secret = await findObject(this.#client, secrets, owner.namespace, wish.digestSecret)
    if (!secret || conflictOf({ ...secret, kind: 'Secret' }, owner)) return undefined
    const { digest, secretName, pending } = recordOf(secret)
    return digest === '' || pending !== undefined ? undefined : { digest, secretName }
  }

  /** The digest Secret as it has to be before anything is delivered. */
  async #record(owner: Owner, wish: Generate, delivered: ApiObject | undefined): Promise<DigestRecord | Problem> {
    const { secretName } = wish
    // A delivered key whose digest was lost is still the key.
    const kept = delivered && valueOf(delivered, deliveredKey)
    const key = kept?.toString() ?? makeApiKey(randomBytes).key
    const data = { digest: digestOf(key), secretName, ...(!kept && { pending: key }) }
    const secret = await findOrCreate(this.#client, {
      namespace: owner.namespace,
      name: wish.digestSecret,
      ownerReferences: ownedBy(owner, apiVersion),
      data,
    })
    const taken = conflictOf({ ...secret, kind: 'Secret' }, owner)
    if (taken) return problem(wish.digestSecret, taken.owner)
    if (valueOf(secret, 'secretName')?.toString() === secretName) return recordOf(secret)
    // Another name was asked for: that is another key, and the former one ends.
    return recordOf(await patchSecret(this.#client, secret, { pending: null, ...data }))
  }

  /** Delivers the key in a new Secret. False when one of that name has appeared meanwhile. */
  async #createDelivered(owner: Owner, { secretName }: Generate, key: string): Promise<boolean> {
    const secret = await createSecret(this.#client, {
      namespace: owner.namespace,
      name: secretName,
      ownerReferences: ownedBy(owner, apiVersion),
      data: { [deliveredKey]: key },
    })
    return secret !== undefined
  }
}

type Problem = { readonly problem: NonNullable<GeneratedKey['problem']> }

const problem = (name: string, owner: string): Problem => ({
  problem: {
    reason: 'SecretExists',
    message: `Secret ${name} exists and belongs to ${owner}: delete it or choose another name`,
  },
})

function recordOf(secret: ApiObject): DigestRecord {
  const pending = valueOf(secret, 'pending')?.toString()
  return {
    secret,
    secretName: valueOf(secret, 'secretName')?.toString() ?? '',
    digest: valueOf(secret, 'digest')?.toString() ?? '',
    ...(pending !== undefined && { pending }),
  }
}
