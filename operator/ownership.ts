import { isStatus } from './kit/api-error.ts'
import type { ApiClient } from './kit/client.ts'
import type { ApiObject, ApiResource } from './kit/resource.ts'
import type { NameConflict } from './translate/index.ts'
import { controllerOf, isOursFor, managedBy, manager } from './resources.ts'

/** The object for which another one is created. */
export type Owner = { readonly kind: string; readonly namespace: string; readonly name: string; readonly uid: string }

/** A child of an owner that was deleted and created again under the same name. The garbage collector is about to delete it. */
export class PendingDeletionError extends Error {
  override name = 'PendingDeletionError'
}

function ownerText(object: ApiObject): string {
  const controller = controllerOf(object)
  if (controller) return `${controller.kind} ${controller.name}`
  return object.metadata.labels?.[managedBy] === manager ? 'a deleted owner' : 'another owner'
}

/**
 * Whether an object that exists may be changed for its owner. For a child of a former owner of the same name, the caller has to wait.
 * @throws@throws PendingDeletionError
 */
export function conflictOf(object: ApiObject, owner: Owner): NameConflict | undefined {
  if (isOursFor(object, owner.uid)) return undefined
  const controller = controllerOf(object)
  if (
    object.metadata.labels?.[managedBy] === manager &&
    controller?.kind === owner.kind &&
    controller.name === owner.name
  )
    throw new PendingDeletionError(
      `${object.kind} ${object.metadata.name} of a former ${owner.kind} is still being removed`,
    )
  return { kind: object.kind ?? '', name: object.metadata.name ?? '', owner: ownerText(object) }
}

/** An object by its name, or undefined. */
export async function findObject(
  client: ApiClient,
  resource: ApiResource,
  namespace: string,
  name: string,
): Promise<ApiObject | undefined> {
  try {
    return await client.get(resource, namespace, name)
  } catch (error) {
    if (isStatus(error, 404)) return undefined
    throw error
  }
}

/** The reference by which the garbage collector takes a child along with its owner. */
export const ownedBy = ({ kind, name, uid }: Owner, apiVersion: string) => [
  { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true },
]
