import { isStatus } from '../kit/api-error.ts'
import type { ApiClient } from '../kit/client.ts'
import type { ApiObject, OwnerReference } from '../kit/resource.ts'
import { managedBy, manager, secrets } from '../resources.ts'
import { findObject } from '../ownership.ts'

export type NewSecret = {
  readonly namespace: string
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ownerReferences?: OwnerReference[]
  readonly data: Readonly<Record<string, Buffer | string>>
}

const encoded = (data: NewSecret['data']): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))

/** The value of a key of a Secret, or undefined. */
export function valueOf(secret: ApiObject, key: string): Buffer | undefined {
  const value = (secret['data'] as Record<string, string> | undefined)?.[key]
  return value === undefined ? undefined : Buffer.from(value, 'base64')
}

/** Makes a Secret that is not there. Undefined when it exists already: what exists is never taken over. */
export async function createSecret(client: ApiClient, secret: NewSecret): Promise<ApiObject | undefined> {
  const { namespace, name, labels = {}, ownerReferences, data } = secret
  const metadata = {
    name,
    namespace,
    labels: { ...labels, [managedBy]: manager },
    ...(ownerReferences && { ownerReferences }),
  }
  try {
    return await client.create(secrets, namespace, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'Opaque',
      data: encoded(data),
    })
  } catch (error) {
    if (isStatus(error, 409)) return undefined
    throw error
  }
}

/** Finds a Secret, or makes it. */
export async function findOrCreate(client: ApiClient, secret: NewSecret): Promise<ApiObject> {
  const made =
    (await findObject(client, secrets, secret.namespace, secret.name)) ??
    (await createSecret(client, secret)) ??
    (await findObject(client, secrets, secret.namespace, secret.name))
  if (made === undefined) throw new Error(`Secret ${secret.namespace}/${secret.name} comes and goes`)
  return made
}

/** Changes keys of a Secret that is ours; null removes one. */
export function patchSecret(
  client: ApiClient,
  secret: ApiObject,
  data: Readonly<Record<string, string | null>>,
): Promise<ApiObject> {
  const { namespace, name = '', resourceVersion } = secret.metadata
  const changed = Object.entries(data).map(([key, value]) => [
    key,
    value === null ? null : Buffer.from(value).toString('base64'),
  ])
  const body = { metadata: { resourceVersion }, data: Object.fromEntries(changed) as object }
  return client.patch(secrets, namespace, name, body, { type: 'merge' })
}
