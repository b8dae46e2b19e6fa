import { group, kinds, version, type KindName } from '../crds/index.ts'
import type { ApiObject, ApiResource } from './kit/resource.ts'

const namespaced = { namespaced: true } as const

/** Our own kinds. */
export const own = Object.fromEntries(
  Object.values(kinds).map(({ kind, plural }) => [kind, { group, version, plural, kind, ...namespaced }]),
) as Readonly<Record<KindName, ApiResource>>

/** The kinds that are made for a server, and pruned when they are not wanted any more. Secrets are not among them: they are never listed. */
export const children = {
  ServiceAccount: { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', ...namespaced },
  ConfigMap: { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', ...namespaced },
  Service: { group: '', version: 'v1', plural: 'services', kind: 'Service', ...namespaced },
  NetworkPolicy: {
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'networkpolicies',
    kind: 'NetworkPolicy',
    ...namespaced,
  },
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', ...namespaced },
} as const satisfies Readonly<Record<string, ApiResource>>

export type ChildKind = keyof typeof children

export const isChildKind = (kind: string | undefined): kind is ChildKind =>
  kind !== undefined && Object.hasOwn(children, kind)

export const pods: ApiResource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', ...namespaced }
export const secrets: ApiResource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', ...namespaced }

export const managedBy = 'app.kubernetes.io/managed-by'
export const manager = 'bartizan'
const instance = 'app.kubernetes.io/instance'

/** The server that an object of ours is for, by its label. */
export const serverOf = ({ metadata }: ApiObject): string | undefined => metadata.labels?.[instance]

/** Who controls an object. */
export const controllerOf = ({ metadata }: ApiObject) => metadata.ownerReferences?.find(one => one.controller === true)

/** Whether an object is one that we made for this very owner. Only such an object is ever changed. */
export const isOursFor = (object: ApiObject, ownerUid: string): boolean =>
  object.metadata.labels?.[managedBy] === manager && controllerOf(object)?.uid === ownerUid
