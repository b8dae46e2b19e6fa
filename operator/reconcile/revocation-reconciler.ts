import type { Result } from '../kit/work-queue.ts'
import type { PlanningOptions } from './planning-options.ts'
import { parallel } from '../kit/parallel.ts'
import type { ServerReconciler } from './server-reconciler.ts'
import { isTerminating } from '../kit/refusals.ts'
import type { WithdrawalSender } from '../gateways/withdrawal-sender.ts'

export type RevocationReconcilerOptions = PlanningOptions & {
  readonly servers: ServerReconciler
  readonly withdrawals: WithdrawalSender
}

/** Milliseconds in which gateways usually take up what was written. Statuses that follow then say so at once, and are not written twice. */
const settleTime = 2000

/**
 * Milliseconds for each gateway that has taken keys back, and altogether: what comes of their ConfigMaps in the API server, the kubelets and the gateways
 * themselves would otherwise delay the refusals.
 */
const delayPerGateway = 40
const maxDelay = 1500

/** How many ConfigMaps of a namespace are written at once. */
const width = 16

/** Reconciles the keys of a namespace: sends withdrawals to its gateways, and writes the ConfigMaps before all other objects. Nothing is read first. */
export class RevocationReconciler {
  readonly #options: RevocationReconcilerOptions
  /** Namespaces whose gateways know, and whose files are still to be written. */
  readonly #delayed = new Set<string>()

  constructor(options: RevocationReconcilerOptions) {
    this.#options = options
  }

  async reconcile(namespace: string): Promise<Result> {
    const { plans, servers, withdrawals, enqueueGateways } = this.#options
    const wasDelayed = this.#delayed.delete(namespace)
    // A namespace that was never read has no gateway yet.
    if (!plans.isPrepared(namespace)) return undefined
    const { pending } = plans.plan(namespace)
    const withdrawn = plans.takeWithdrawals(namespace)
    const hasEnded = wasDelayed || withdrawn.length > 0
    if (hasEnded) plans.postpone(namespace, settleTime)
    // Before anything is written: what follows from it takes all the processors that there are.
    const taken = await withdrawals.send(plans.servers(namespace), withdrawn)
    if (taken !== undefined && taken > 0 && !wasDelayed) {
      this.#delayed.add(namespace)
      return { requeueAfter: Math.min(maxDelay, delayPerGateway * taken) }
    }
    try {
      await parallel(pending, width, async state => {
        await servers.applyConfigMap(state)
        enqueueGateways(state)
      })
    } catch (error) {
      if (!isTerminating(error)) throw error
    }
    if (hasEnded) plans.postpone(namespace, settleTime)
    return undefined
  }
}
