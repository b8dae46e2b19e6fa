import { createHmac } from 'node:crypto'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { SecretFact } from '../translate/index.ts'
import { managedBy, manager, secrets } from '../resources.ts'
import { findObject } from '../ownership.ts'
import { parallel } from '../kit/parallel.ts'
import type { Salt } from './salt.ts'
import { valueOf } from './secret-objects.ts'

/** Milliseconds after which a Secret is read again, and one that was missing. */
export const secretRefreshInterval = 30_000
const missingInterval = 5_000

type Seen = { readonly at: number; readonly fact?: SecretFact; readonly certificate?: string }

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
const texts = (values: readonly unknown[]): string[] =>
  values.filter((value): value is string => typeof value === 'string' && /^[a-z0-9][a-z0-9.-]{0,252}$/.test(value))

/** The Secrets that an object of ours names. Nothing about its spec is believed. */
export function secretNames({ spec }: ApiObject): string[] {
  const { secrets: used, imagePullSecrets, tls } = fieldsOf(spec)
  const lists = [used, imagePullSecrets].flatMap(list => (Array.isArray(list) ? (list as unknown[]) : []))
  return texts([...lists.map(use => fieldsOf(use)['name']), fieldsOf(tls)['secretName']])
}

function fingerprint(secret: ApiObject, salt: Buffer): string {
  const hash = createHmac('sha256', salt)
  const { namespace, name } = secret.metadata
  hash.update(JSON.stringify([namespace, name]))
  for (const [key, value] of Object.entries(fieldsOf(secret['data'])).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([key, value]))
  }
  return hash.digest('hex').slice(0, 16)
}

/** What is known of the Secrets that objects name: that they exist, their keys, a fingerprint. The values are not kept. */
export class NamedSecrets {
  readonly #client: ApiClient
  readonly #salt: Salt
  readonly #clock: MonotonicClock
  readonly #seen = new Map<string, Map<string, Seen>>()

  constructor(client: ApiClient, salt: Salt, clock: MonotonicClock) {
    this.#client = client
    this.#salt = salt
    this.#clock = clock
  }

  facts(namespace: string): SecretFact[] {
    return [...(this.#seen.get(namespace)?.values() ?? [])].flatMap(({ fact }) => fact ?? [])
  }

  /** The certificate in a TLS Secret. It is no secret. */
  certificate(namespace: string, name: string): string | undefined {
    return this.#seen.get(namespace)?.get(name)?.certificate
  }

  /** Has a Secret read at the next occasion: an object that names it has changed. */
  expire(namespace: string, names: readonly string[]): void {
    const seen = this.#seen.get(namespace)
    for (const name of names) {
      const known = seen?.get(name)
      if (known) seen?.set(name, { ...known, at: -Infinity })
    }
  }

  forget(namespace: string): void {
    this.#seen.delete(namespace)
  }

  /** Reads those of a namespace that were not read lately, and forgets those that no object names any more. */
  async refresh(namespace: string, names: ReadonlySet<string>): Promise<void> {
    const seen = this.#seen.get(namespace) ?? new Map<string, Seen>()
    this.#seen.set(namespace, seen)
    for (const name of seen.keys()) if (!names.has(name)) seen.delete(name)
    const now = this.#clock.elapsed()
    const isDue = (known: Seen | undefined): boolean =>
      known === undefined || now - known.at >= (known.fact ? secretRefreshInterval : missingInterval)
    const due = [...names].filter(name => isDue(seen.get(name)))
    if (due.length === 0) return
    const salt = await this.#salt.read()
    await parallel(due, 8, async name => {
      const secret = await findObject(this.#client, secrets, namespace, name)
      seen.set(name, secret ? this.#look(secret, salt) : { at: this.#clock.elapsed() })
    })
  }

  #look(secret: ApiObject, salt: Buffer): Seen {
    const { name = '', namespace = '', labels } = secret.metadata
    const fact: SecretFact = {
      name,
      namespace,
      keys: Object.keys(fieldsOf(secret['data'])).sort(),
      hash: fingerprint(secret, salt),
      ...(labels?.[managedBy] === manager && { owned: true }),
    }
    const certificate = valueOf(secret, 'tls.crt')?.toString()
    return { at: this.#clock.elapsed(), fact, ...(certificate !== undefined && { certificate }) }
  }
}
