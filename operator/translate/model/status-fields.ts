import type { InForce } from '../../../crds/server-status.ts'

export type ServerPhase = 'Provisioning' | 'Healthy' | 'Degraded' | 'Unhealthy' | 'Stopped' | 'Failed'

/** One pod's gateway, in the status of its server. */
export type ObservedGateway = {
  readonly pod: string
  readonly ready: boolean
  /** The configuration that it runs; unset until its gateway was asked. */
  readonly hash?: string
  /** Why it does not run the wanted one. */
  readonly problem?: string
  /** Containers that its Deployment does not ask for. */
  readonly otherContainers?: readonly string[]
}

/** What a status says beside its conditions. Each kind has some of it. */
export type StatusFields = {
  // MCPServer
  readonly phase?: ServerPhase
  readonly url?: string
  readonly replicas?: number
  readonly readyReplicas?: number
  /** For the scale subresource. */
  readonly selector?: string
  readonly tools?: { readonly count: number; readonly inventory: string; readonly names: readonly string[] }
  readonly gateway?: { readonly wanted: string; readonly pods: readonly ObservedGateway[] }
  readonly serverInfo?: { readonly name: string; readonly version: string }
  /** Revisions of the protocol that were spoken. */
  readonly revisions?: readonly string[]
  readonly notes?: readonly string[]
  readonly inForce?: readonly InForce[]
  /** For the columns: how callers show who they are, and what guards the server. */
  readonly auth?: string
  readonly guard?: string
  // GuardrailPolicy
  readonly servers?: readonly string[]
  readonly serverCount?: number
}
