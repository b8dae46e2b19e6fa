import type { MonotonicClock } from '../kit/clock.ts'
import type { Result } from '../kit/work-queue.ts'
import { statusesOf, type Status } from '../translate/index.ts'
import type { NamespacePlan } from '../plan/plan-store.ts'
import { serverKey, type ServerState } from '../plan/server-state.ts'
import type { RefreshHint } from '../secrets/guard-secrets.ts'
import type { PlanningOptions } from './planning-options.ts'
import { addressOf, isDeleting } from '../cache/observed-pods.ts'
import { secretRefreshInterval } from '../secrets/named-secrets.ts'
import { parallel } from '../kit/parallel.ts'
import { PendingDeletionError } from '../ownership.ts'
import { documentsOf, secretsNamedIn, type SnapshotSources } from '../plan/snapshot.ts'
import type { StatusWriter } from '../apply/status-writer.ts'
import { isTerminating } from '../kit/refusals.ts'

export type NamespaceReconcilerOptions = PlanningOptions & {
  readonly sources: SnapshotSources
  readonly statuses: StatusWriter
  readonly clock: MonotonicClock
  /** Enqueues a server whose objects have to be applied. */
  readonly enqueueServer: (state: ServerState) => void
  /** Called for a server that no longer exists. */
  readonly serverRemoved: (state: ServerState) => void
}

/** Milliseconds until the objects of a former server are looked for again, which the garbage collector is about to delete. */
const pendingDeletionInterval = 500

/** Reconciles a namespace: reads what its plan needs, plans it, enqueues servers with something to apply, and writes statuses. */
export class NamespaceReconciler {
  readonly #options: NamespaceReconcilerOptions

  constructor(options: NamespaceReconcilerOptions) {
    this.#options = options
  }

  async reconcile(namespace: string): Promise<Result> {
    const { plans, sources } = this.#options
    const delay = plans.delay(namespace)
    if (delay > 1) return { requeueAfter: delay }
    for (const state of plans.sync(namespace)) this.#options.serverRemoved(state)
    if (documentsOf(sources.caches, namespace).length === 0) return this.#forget(namespace)
    try {
      return await this.#reconcileNamespace(namespace)
    } catch (error) {
      if (!isTerminating(error)) throw error
      // The namespace is being deleted; its watches report the rest.
      return { requeueAfter: secretRefreshInterval }
    }
  }

  async #reconcileNamespace(namespace: string): Promise<Result> {
    const { sources, statuses, plans } = this.#options
    const isBlocked = await this.#prepare(namespace)
    // What was handed out is read first: a plan that does not know it yet would shut out all who hold such a key, and give its Secret to an older one.
    if (!plans.isPrepared(namespace)) await sources.generated.read(namespace, plans.keysToGenerate(namespace))
    plans.markPrepared(namespace)
    let plan = this.#plan(namespace)
    if (await sources.generated.ensure(namespace, plan.desired.generate)) plan = this.#plan(namespace)
    await sources.lastGood.keep(namespace, plan.desired.lastGood)
    await statuses.write(
      statusesOf(plan.desired).filter(status => status.namespace === namespace && this.#isReportable(status)),
    )
    return { requeueAfter: isBlocked ? pendingDeletionInterval : this.#requeueDelay(namespace) }
  }

  /**
   * A server with pods whose gateways this process has not asked yet keeps the status that its predecessor wrote. One whose objects are about to be
   * applied for the first time gets its status after that: it would be another one a moment later.
   */
  #isReportable({ kind, namespace, name }: Status): boolean {
    const { plans, sources } = this.#options
    const { caches, observations } = sources
    const key = serverKey(namespace, name)
    const state = plans.server(key)
    if (kind === 'MCPServer' && state !== undefined && this.#awaitsFirstApply(state)) return false
    if (kind !== 'MCPServer' || observations.has(key)) return true
    return caches.podsOf(namespace, name).every(pod => addressOf(pod) === undefined || isDeleting(pod))
  }

  #awaitsFirstApply({ namespace, server, fingerprints, wasAttempted }: ServerState): boolean {
    const { conflict, refusal } = this.#options.sources.guards.problem(namespace, server)
    return !wasAttempted && fingerprints.size > 0 && !conflict && !refusal
  }

  /** Reads what a plan needs and caches do not have. Resolves to whether a former server is still in the way of its successor. */
  async #prepare(namespace: string): Promise<boolean> {
    const { sources, plans } = this.#options
    const names = secretsNamedIn(sources, namespace)
    let isBlocked = false
    await Promise.all([
      sources.secrets.refresh(namespace, names),
      parallel(plans.servers(namespace), 8, async state => {
        const { owner } = state
        try {
          await sources.guards.ensure(owner, this.#refreshHint(state))
        } catch (error) {
          if (!(error instanceof PendingDeletionError)) throw error
          isBlocked = state.wasAttempted = true
        }
      }),
    ])
    return isBlocked
  }

  #refreshHint({ namespace, server }: ServerState): RefreshHint {
    const { caches } = this.#options.sources
    const { generation, annotations } = caches.server(namespace, server)?.metadata ?? {}
    return {
      isNew: caches.children.Deployment.store.get(namespace, `mcp-${server}`) === undefined,
      isWaiting: caches.podsOf(namespace, server).some(pod => addressOf(pod) === undefined && !isDeleting(pod)),
      authored: JSON.stringify([generation, annotations]),
    }
  }

  #plan(namespace: string): NamespacePlan {
    const plan = this.#options.plans.plan(namespace)
    for (const state of plan.pending) this.#options.enqueueServer(state)
    for (const state of plan.changed) this.#options.enqueueGateways(state)
    this.#observeNew(namespace)
    return plan
  }

  #observeNew(namespace: string): void {
    const { sources, plans, enqueueGateways } = this.#options
    for (const state of plans.servers(namespace)) if (!sources.observations.has(state.key)) enqueueGateways(state)
  }

  /** Named Secrets are read at an interval, missing ones sooner. */
  #requeueDelay(namespace: string): number {
    const { sources } = this.#options
    const names = [...secretsNamedIn(sources, namespace)]
    const known = new Set(sources.secrets.facts(namespace).map(({ name }) => name))
    return names.every(name => known.has(name)) ? secretRefreshInterval * (0.9 + Math.random() * 0.2) : 5000
  }

  #forget(namespace: string): void {
    const { plans, sources } = this.#options
    plans.forget(namespace)
    sources.secrets.forget(namespace)
    sources.generated.forget(namespace)
  }
}
