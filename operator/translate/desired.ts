import type { InForce } from '../../crds/mcpserver.ts'
import type { KindName } from '../../crds/index.ts'
import type { GatewayConfig, KeysFile } from '../../gateway/config/index.ts'
import type { Reason } from './reasons.ts'
import type { LastGood } from './snapshot.ts'

/** A condition without its time: whoever writes it knows when it changed. */
export type Condition = {
  readonly type: 'Accepted' | 'ResolvedRefs'
  readonly status: 'True' | 'False'
  readonly reason: Reason
  readonly message: string
  readonly observedGeneration?: number
}

/** Names of fields are anybody's to choose, and the schema of the status bounds a message. */
export const bounded = (message: string): string => (message.length > 4096 ? `${message.slice(0, 4095)}…` : message)

export type Status = {
  readonly kind: KindName
  readonly name: string
  readonly namespace: string
  readonly status: {
    readonly observedGeneration?: number
    readonly conditions: readonly Condition[]
    readonly phase?: 'Stopped' | 'Failed'
    readonly url?: string
    readonly inForce?: readonly InForce[]
    readonly servers?: readonly string[]
    readonly serverCount?: number
  }
}

/** A Kubernetes object as it is to be applied. */
export type KubernetesObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [field: string]: unknown }
  readonly spec: unknown
}

/** The two files of one gateway. In a cluster there is one per server, standalone one for all. */
export type GatewayFiles = {
  readonly name: string
  readonly gateway: GatewayConfig
  readonly keys: KeysFile
}

export type Desired = {
  readonly gateways: readonly GatewayFiles[]
  readonly objects: readonly KubernetesObject[]
  readonly statuses: readonly Status[]
  readonly lastGood: readonly LastGood[]
}

export type { Reason }
