/** What a kind is called in paths. `group` is empty for the core. */
export type ApiResource = {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

export type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export type ObjectMeta = {
  name?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: unknown[]
  [field: string]: unknown
}

/** Raw JSON as the server sent it: typed models drop the fields that they do not know. */
export type ApiObject = { apiVersion?: string; kind?: string; metadata: ObjectMeta; [field: string]: unknown }

/** The namespace is empty for what has none. */
export type NamespacedName = { readonly namespace: string; readonly name: string }

export const keyOf = ({ metadata }: ApiObject): NamespacedName => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
})

export const apiVersionOf = ({ group, version }: ApiResource): string =>
  group === '' ? version : `${group}/${version}`

/** Path of a collection, of an object, or of a subresource of it. */
export function pathOf(resource: ApiResource, namespace?: string, ...rest: readonly string[]): string {
  const { namespaced, plural } = resource
  if (namespaced && namespace === undefined && rest.length > 0)
    throw new TypeError(`${resource.kind} needs a namespace`)
  const root = resource.group === '' ? '/api' : '/apis'
  const scope = namespaced && namespace !== undefined ? ['namespaces', namespace] : []
  return [root, ...[...apiVersionOf(resource).split('/'), ...scope, plural, ...rest].map(encodeURIComponent)].join('/')
}

/** Order of two resource versions: decimal integers without a bound (comparable by contract since Kubernetes 1.35, KEP-5504). */
export const compareVersions = (a: string, b: string): number =>
  a.length === b.length ? Number(a > b) - Number(a < b) : a.length - b.length
