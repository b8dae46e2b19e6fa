import type { Recorder } from '../kit/events.ts'
import type { Result } from '../kit/work-queue.ts'
import type { Applier, ApplyOutcome } from '../apply/applier.ts'
import type { PlanStore } from '../plan/plan-store.ts'
import { desiredObject, type ServerState } from '../plan/server-state.ts'
import { PendingDeletionError } from '../ownership.ts'
import type { Foreign } from '../translate/index.ts'
import { recordCreated, recordRemoved } from './record-events.ts'
import { isTerminating } from '../kit/refusals.ts'

export type ServerReconcilerOptions = {
  readonly applier: Applier
  readonly plans: PlanStore
  readonly recorder: Recorder
  /** Makes the kubelets of its pods update their mounts. */
  readonly expedite: (state: ServerState) => Promise<void>
  readonly enqueueGateways: (state: ServerState) => void
  /** Enqueues its namespace, because what is known of the server has changed. */
  readonly enqueueNamespace: (namespace: string) => void
}

/** Milliseconds after which an apply that was prevented is tried again. */
const problemInterval = 10_000
const pendingDeletionInterval = 500

/** Reconciles one server: applies the objects of its plan in order, and deletes those that are no longer in it. */
export class ServerReconciler {
  readonly #options: ServerReconcilerOptions

  constructor(options: ServerReconcilerOptions) {
    this.#options = options
  }

  async reconcile(key: string): Promise<Result> {
    const state = this.#options.plans.server(key)
    if (!state) return
    const { applier } = this.#options
    const before = problemsOf(state)
    const isFirst = !state.wasAttempted
    const repairDelay = (): number =>
      Math.min(...[...state.fingerprints.keys()].map(one => applier.repairDelay(one) ?? Infinity))
    // A foreign entry may be removed again.
    if (repairDelay() === 0) state.needsApply = true
    try {
      await this.#apply(state)
      await this.#prune(state)
    } catch (error) {
      if (isTerminating(error)) return
      if (error instanceof PendingDeletionError) return { requeueAfter: pendingDeletionInterval }
      throw error
    } finally {
      state.wasAttempted = true
      if (isFirst) this.#options.enqueueNamespace(state.namespace)
    }
    if (problemsOf(state) !== before) this.#options.enqueueNamespace(state.namespace)
    const requeueAfter = Math.min(hasConflicts(state) ? problemInterval : Infinity, repairDelay())
    return requeueAfter === Infinity ? undefined : { requeueAfter: Math.max(requeueAfter, pendingDeletionInterval) }
  }

  /** Applies the ConfigMap with policies and keys alone, ahead of the rest. */
  async applyConfigMap(state: ServerState): Promise<void> {
    const key = [...keysToApply(state)].find(one => one.startsWith('ConfigMap/'))
    if (key !== undefined) await this.#applyOne(state, key)
  }

  async #apply(state: ServerState): Promise<void> {
    for (const key of keysToApply(state)) {
      // A NetworkPolicy that cannot be written must not be missed by a pod that runs already.
      if (!(await this.#applyOne(state, key))) return
    }
  }

  /** False when the object belongs to another owner, or was refused. */
  async #applyOne(state: ServerState, key: string): Promise<boolean> {
    const { applier } = this.#options
    const outcome = await applier.apply(key, () => desiredObject(state, key), state.owner)
    state.conflicts.delete(key)
    state.refusals.delete(key)
    if ('change' in outcome) noteForeign(state, key, outcome.foreign)
    if ('conflict' in outcome) state.conflicts.set(key, outcome.conflict)
    else if ('refusal' in outcome) state.refusals.set(key, outcome.refusal)
    else await this.#applied(state, key, outcome)
    return 'change' in outcome
  }

  async #applied(
    state: ServerState,
    key: string,
    { change, removed = [] }: Extract<ApplyOutcome, { change: unknown }>,
  ): Promise<void> {
    const [kind = '', , name = ''] = key.split('/')
    if (removed.length > 0) recordRemoved(this.#options.recorder, state.regarding, `${kind} ${name}`, removed)
    if (change === 'created' && kind === 'Deployment')
      recordCreated(this.#options.recorder, state.regarding, kind, name)
    if (change !== 'changed' || kind !== 'ConfigMap') return
    this.#options.enqueueGateways(state)
    await this.#options.expedite(state)
  }

  async #prune(state: ServerState): Promise<void> {
    const { plans, applier } = this.#options
    for (const child of plans.childrenToPrune(state)) await applier.remove(child)
  }
}

const keysToApply = ({ needsApply, fingerprints }: ServerState): Iterable<string> =>
  needsApply ? fingerprints.keys() : []

const hasConflicts = ({ conflicts, refusals }: ServerState): boolean => conflicts.size + refusals.size > 0

const problemsOf = ({ conflicts, refusals, foreign }: ServerState): string =>
  JSON.stringify([conflicts, refusals, foreign].map(map => [...map.values()]))

function noteForeign({ foreign }: ServerState, key: string, found: Foreign | undefined): void {
  if (found) foreign.set(key, found)
  else foreign.delete(key)
}
