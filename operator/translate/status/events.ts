import type { InForce } from '../../../crds/server-status.ts'
import type { ConditionType, Reason } from '../model/reasons.ts'

/** An Event to be told of an object. */
export type StatusEvent = {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly action: string
  readonly note: string
}

/** What is compared of a status, be it fresh from a translation or read from the API server. */
export type StatusLike = {
  readonly conditions?: readonly {
    readonly type: string
    readonly status: string
    readonly reason: string
    readonly message: string
  }[]
  readonly inForce?: readonly InForce[]
}

/** What was being done when it was seen. */
const actions: Readonly<Record<ConditionType, string>> = {
  Accepted: 'Validate',
  ResolvedRefs: 'Resolve',
  Programmed: 'Program',
  Available: 'Run',
  ToolsApproved: 'Review',
  InventoryComplete: 'List',
  Ready: 'Handshake',
  Generated: 'Generate',
}

/** On the way to something else: these come and go with every change and carry no news. */
const passing: ReadonlySet<string> = new Set<Reason>([
  'RolloutInProgress',
  'WaitingForGateways',
  'HandshakePending',
  'ToolsNotSeen',
  'Generating',
  'PodsNotReady',
])

/** Good news that is news at the first look, too; that a spec makes sense is expected. */
const expected: ReadonlySet<string> = new Set<Reason>([
  'Accepted',
  'ResolvedRefs',
  'Programmed',
  'Available',
  'ToolsApproved',
  'InventoryComplete',
])

const maxNote = 1000

const cut = (note: string): string => (note.length > maxNote ? `${note.slice(0, maxNote - 1).toWellFormed()}…` : note)

type EventCondition = NonNullable<StatusLike['conditions']>[number]

const isNews = (now: EventCondition, then: EventCondition | undefined): boolean =>
  then === undefined
    ? !expected.has(now.reason)
    : then.status !== now.status || (now.status !== 'True' && then.reason !== now.reason)

/** Ready repeats what another condition has said already. */
const isRepeated = (one: EventCondition, all: readonly EventCondition[]): boolean =>
  one.type === 'Ready' && all.some(other => other.type !== 'Ready' && other.reason === one.reason)

function transitions(before: StatusLike | undefined, after: StatusLike): StatusEvent[] {
  const all = after.conditions ?? []
  return all
    .filter(now => now.status !== 'Unknown' && !passing.has(now.reason) && !isRepeated(now, all))
    .filter(now =>
      isNews(
        now,
        before?.conditions?.find(then => then.type === now.type),
      ),
    )
    .map(({ type, status, reason, message }) => ({
      type: status === 'True' || reason === 'Stopped' ? 'Normal' : 'Warning',
      reason,
      action: actions[type as ConditionType] ?? 'Observe',
      note: cut(message),
    }))
}

const policiesIn = ({ inForce = [] }: StatusLike): Set<string> =>
  new Set(inForce.flatMap(({ origin }) => origin.split(', ')).filter(origin => origin.startsWith('GuardrailPolicy/')))

/** A server that a policy no longer is for: a label may have been changed to that end. */
function lost(before: StatusLike | undefined, after: StatusLike): StatusEvent[] {
  if (!before || !after.inForce) return []
  const now = policiesIn(after)
  return [...policiesIn(before)]
    .filter(policy => !now.has(policy))
    .map(policy => ({
      type: 'Warning',
      reason: 'PolicyNoLongerInForce',
      action: 'Guard',
      note: cut(`${policy} is no longer in force on this server.`),
    }))
}

/**
 * What is worth telling of a change from one status to the next: transitions only, so that an Event means that something happened. Pure, like the
 * statuses themselves.
 * @param before what the object said so far; undefined for one that has never had a status
 */
export const events = (before: StatusLike | undefined, after: StatusLike): StatusEvent[] => [
  ...transitions(before, after),
  ...lost(before, after),
]
