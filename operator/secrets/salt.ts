import { randomBytes } from 'node:crypto'
import type { ApiClient } from '../kit/client.ts'
import { findOrCreate, valueOf } from './secret-objects.ts'
import { managedBy, manager } from '../resources.ts'

/** In the namespace of the operator. */
export const saltName = 'bartizan-operator-salt'
const bytes = 32

/**
 * The key of the fingerprints by which a changed Secret is told. A fingerprint stands in the pods of its servers, where many may read it, so it must say
 * nothing about a value that can be guessed; and it must outlive the operator, or each start would renew every pod.
 */
export class Salt {
  readonly #client: ApiClient
  readonly #namespace: string
  #value: Promise<Buffer> | undefined

  constructor(client: ApiClient, namespace: string) {
    this.#client = client
    this.#namespace = namespace
  }

  read(): Promise<Buffer> {
    this.#value ??= this.#find().catch((error: unknown) => {
      this.#value = undefined
      throw error
    })
    return this.#value
  }

  async #find(): Promise<Buffer> {
    const data = { salt: randomBytes(bytes) }
    const secret = await findOrCreate(this.#client, { namespace: this.#namespace, name: saltName, data })
    const value = valueOf(secret, 'salt')
    if (secret.metadata.labels?.[managedBy] !== manager || value?.length !== bytes)
      throw new Error(`Secret ${this.#namespace}/${saltName} was not made by the operator: delete it`)
    return value
  }
}
