import type { PlanStore } from '../plan/plan-store.ts'
import type { ServerState } from '../plan/server-state.ts'

/** What the reconcilers that plan a namespace have in common. */
export type PlanningOptions = {
  readonly plans: PlanStore
  /** Enqueues the gateways of a server, which have something to load. */
  readonly enqueueGateways: (state: ServerState) => void
}
