import type { Recorder } from './kit/events.ts'
import { transitions, type Condition } from './kit/conditions.ts'
import type { ApiObject } from './kit/resource.ts'
import type { Told } from './statuses.ts'

/** Conditions whose turns are worth an Event. What happens on every rollout is to be read in the status. */
const told = new Set(['Accepted', 'ResolvedRefs', 'ToolsApproved', 'Ready', 'Generated'])
/** Reasons that only say that something is under way. */
const underway = new Set(['Progressing', 'RolloutInProgress', 'WaitingForPods', 'Pending', 'Provisioning'])

function isWorth({ type, status, reason }: Condition, before: readonly Condition[]): boolean {
  if (!told.has(type) || underway.has(reason)) return false
  if (status === 'False') return true
  // That an object makes sense is only worth telling if it did not before.
  const known = before.find(condition => condition.type === type)
  return status === 'True' && (type === 'Ready' || type === 'Generated' || known !== undefined)
}

/** Tells the turns of conditions as Events. */
export const tellTransitions =
  (recorder: Recorder): Told =>
  (regarding, before, after) => {
    for (const condition of transitions(before, after)) {
      const { type, status, reason, message } = condition as Condition
      if (!isWorth(condition as Condition, before)) continue
      const reasonText = status === 'True' && reason === type ? `${type}` : reason
      recorder.record({
        regarding,
        type: status === 'False' ? 'Warning' : 'Normal',
        reason: reasonText,
        action: 'Reconcile',
        note: `${type}: ${message}`,
      })
    }
  }

/** Tells that an object was made. */
export const tellCreated = (recorder: Recorder, regarding: ApiObject, kind: string, name: string): void =>
  recorder.record({ regarding, type: 'Normal', reason: 'Created', action: 'Create', note: `Created ${kind} ${name}` })
