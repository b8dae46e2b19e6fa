import type { Condition, Reason } from './desired.ts'
import type { ObservedServer } from './observed.ts'
import { livePods } from './programmed.ts'
import type { Phase } from './statusfields.ts'

type Told = Pick<Condition, 'status' | 'reason'>

export type PhaseFacts = {
  /** Whether any version of the spec is in force. */
  readonly compiled: boolean
  readonly replicas: number
  readonly observed: ObservedServer
  readonly available: Told
  readonly programmed: Told
  readonly ready: Told
  /** The phase of the status before: a server that served once is unhealthy, one that never did is not there yet. */
  readonly before: string | undefined
}

const underWay: ReadonlySet<Reason> = new Set(['RolloutInProgress', 'WaitingForGateways', 'PodsNotReady', 'Programmed'])
const served: ReadonlySet<string | undefined> = new Set(['Healthy', 'Degraded', 'Unhealthy'])

/** No pod gets calls. */
function down({ available, programmed, before }: PhaseFacts): Phase {
  if (served.has(before)) return 'Unhealthy'
  return underWay.has(available.reason) && underWay.has(programmed.reason) ? 'Provisioning' : 'Failed'
}

/** The state in one word, derived from what the conditions say and never decided upon. */
export function phaseOf(facts: PhaseFacts): Phase {
  const { compiled, replicas, observed, available, ready } = facts
  if (!compiled) return 'Failed'
  if (replicas === 0) return 'Stopped'
  const serving = livePods(observed).filter(pod => pod.ready).length
  if (serving === 0) return down(facts)
  if (serving < replicas || available.reason !== 'Available' || ready.reason === 'HandshakeFailed') return 'Degraded'
  return 'Healthy'
}
