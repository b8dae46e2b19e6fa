import type { PlanStore } from '../plan/plan-store.ts'
import type { ServerState } from '../plan/server-state.ts'

/** What the reconcilers that plan a namespace have in common. */
export type PlanningOptions = {
  readonly plans: PlanStore
  /** The gateways of a server have to take up something. */
  readonly enqueueGateways: (state: ServerState) => void
}
