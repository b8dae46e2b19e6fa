import type { StatusCondition } from '../model/condition.ts'
import type { Reason } from '../model/reasons.ts'
import type { ObservedServer } from '../model/observed.ts'
import { livePods } from './programmed.ts'
import type { ServerPhase } from '../model/status-fields.ts'

type ConditionSummary = Pick<StatusCondition, 'status' | 'reason'>

export type PhaseFacts = {
  /** Whether any version of the spec is in force. */
  readonly compiled: boolean
  readonly replicas: number
  readonly observed: ObservedServer
  readonly available: ConditionSummary
  readonly programmed: ConditionSummary
  readonly ready: ConditionSummary
  /** The phase of the status before: a server that served once is unhealthy, one that never did is not there yet. */
  readonly before: string | undefined
}

const underWay: ReadonlySet<Reason> = new Set(['RolloutInProgress', 'WaitingForGateways', 'PodsNotReady', 'Programmed'])
const served: readonly ServerPhase[] = ['Healthy', 'Degraded', 'Unhealthy']
/** The phase of the status before, if the server had served by then. */
const lastServed = ({ before }: PhaseFacts): ServerPhase | undefined => served.find(phase => phase === before)

/** No pod gets calls. */
function down(facts: PhaseFacts): ServerPhase {
  const { available, programmed } = facts
  if (lastServed(facts)) return 'Unhealthy'
  return underWay.has(available.reason) && underWay.has(programmed.reason) ? 'Provisioning' : 'Failed'
}

/** The state in one word, derived from what the conditions say and never decided upon. */
export function phaseOf(facts: PhaseFacts): ServerPhase {
  const { compiled, replicas, observed, available, programmed, ready } = facts
  if (!compiled) return 'Failed'
  if (replicas === 0) return 'Stopped'
  const serving = livePods(observed).filter(pod => pod.ready)
  if (serving.length === 0) return down(facts)
  const isBehind = programmed.status === 'False' && programmed.reason !== 'WaitingForGateways'
  if (serving.length < replicas || isBehind || available.reason !== 'Available') return 'Degraded'
  if (ready.reason === 'HandshakeFailed') return 'Degraded'
  // A kubelet that finds its containers well has not asked the gateway what it does: until it was asked, nothing new is known.
  const isAsked = observed.handshake !== undefined && serving.some(pod => pod.report !== undefined)
  return isAsked ? 'Healthy' : (lastServed(facts) ?? 'Provisioning')
}
