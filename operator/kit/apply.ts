import type { ApplyOptions, ApiClient } from './client.ts'
import { apiVersionOf, type ApiObject, type ApiResource } from './resource.ts'

export type ApplyResult = { readonly object: ApiObject; /** The server wrote something. */ readonly changed: boolean }

/**
 * Server-side apply that takes over the fields it names. `known` is the object as it was last seen: with the same resource version after the apply, nothing
 * was written, which is the only comparison needed. Whether the object may be touched at all is for the caller to decide before.
 */
export async function apply(
  client: ApiClient,
  resource: ApiResource,
  object: ApiObject,
  options: ApplyOptions & { readonly known?: ApiObject | undefined },
): Promise<ApplyResult> {
  const { known, ...rest } = options
  const applied = await client.apply(resource, object.metadata.namespace, object, { force: true, ...rest })
  return { object: applied, changed: known?.metadata.resourceVersion !== applied.metadata.resourceVersion }
}

/** The whole status by one manager; what it omits of its own is removed. */
export const applyStatus = (
  client: ApiClient,
  resource: ApiResource,
  { metadata, status }: ApiObject,
  options: ApplyOptions & { readonly known?: ApiObject | undefined },
): Promise<ApplyResult> => {
  const { name, namespace } = metadata
  const object = { metadata: { name, namespace }, status } as ApiObject
  return apply(client, resource, object, { ...options, subresource: 'status' })
}

/** For `ownerReferences`: the owner is deleted last, and what it owns goes with it. */
export const ownerOf = (resource: ApiResource, owner: ApiObject) => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  name: owner.metadata.name ?? '',
  uid: owner.metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
})
