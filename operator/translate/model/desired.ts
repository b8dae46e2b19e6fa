import type { KindName } from '../../../crds/index.ts'
import type { GatewayConfig, KeysFile } from '../../../gateway/config/index.ts'
import type { StatusCondition } from './condition.ts'
import type { LastGood } from './snapshot.ts'
import type { StatusFields } from './status-fields.ts'

export type Status = {
  readonly kind: KindName
  readonly name: string
  readonly namespace: string
  readonly status: StatusFields & {
    readonly observedGeneration?: number
    readonly conditions: readonly StatusCondition[]
  }
}

/** A Kubernetes object as it is to be applied. */
export type KubernetesObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** Why a configuration cannot be delivered, and whether it is the keys alone that are too many. */
export type Excess = { readonly text: string; readonly keys: boolean }

/** The two files of one gateway. In a cluster there is one per server, standalone one for all. */
export type GatewayFiles = {
  readonly name: string
  readonly gateway: GatewayConfig
  readonly keys: KeysFile
  /** Set when the real configuration is more than a ConfigMap holds. */
  readonly excess?: Excess
}

/** Everything that follows for one server. */
export type ServerPlan = {
  readonly server: string
  readonly uid?: string
  /** In the order in which they are applied; empty without a cluster, and for a server that cannot have any. */
  readonly objects: readonly KubernetesObject[]
  /** The hash that its gateways report once they run what is wanted. Unset without a cluster, and for a name that no gateway can route. */
  readonly hash?: string
  readonly status: Status
}

/** An APIKey whose key the operator makes: `secretName` gets the key once, `digestSecret` keeps its digest. */
export type Generate = {
  readonly apiKey: string
  readonly uid?: string
  readonly secretName: string
  readonly digestSecret: string
  /** Its name for the Secret is another's: no key is made, and the one that was made before stays. */
  readonly denied?: true
}

export type Desired = {
  readonly gateways: readonly GatewayFiles[]
  readonly servers: readonly ServerPlan[]
  /** Who may come in: the same for all of them. */
  readonly keys: KeysFile
  /** Of every object but the servers of this namespace. */
  readonly statuses: readonly Status[]
  readonly generate: readonly Generate[]
  /** The Secret of this namespace whose certificate its gateways serve; the floor may have named it. */
  readonly tlsSecret?: string
  readonly lastGood: readonly LastGood[]
}

/** The objects of all servers. */
export const objectsOf = ({ servers }: Desired): KubernetesObject[] => servers.flatMap(({ objects }) => objects)

/** The statuses of all objects. */
export const statusesOf = ({ servers, statuses }: Desired): Status[] => [
  ...servers.map(({ status }) => status),
  ...statuses,
]
