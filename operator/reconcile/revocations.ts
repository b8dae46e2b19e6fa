import type { Result } from '../kit/queue.ts'
import type { Level } from './level.ts'
import { parallel } from '../kit/parallel.ts'
import type { Servers } from './servers.ts'
import { isTerminating } from '../kit/terminating.ts'
import type { Withdrawals } from '../gateways/withdraw.ts'

export type RevocationsOptions = Level & { readonly servers: Servers; readonly withdrawals: Withdrawals }

/** Milliseconds in which gateways usually take up what was written. Statuses that follow then say so at once, and are not written twice. */
const settling = 2000

/**
 * Milliseconds for each gateway that has taken keys back, and altogether: what comes of their ConfigMaps in the API server, the kubelets and the gateways
 * themselves would otherwise keep them from refusing anybody.
 */
const respite = 40
const longest = 1500

/** How many ConfigMaps of a namespace are written at once. */
const width = 16

/** The lane of the keys: gateways are told of those that ended, nothing is read first, and of all objects only the configurations are written. */
export class Revocations {
  readonly #options: RevocationsOptions
  /** Namespaces whose gateways know, and whose files are still to be written. */
  readonly #resting = new Set<string>()

  constructor(options: RevocationsOptions) {
    this.#options = options
  }

  async reconcile(namespace: string): Promise<Result> {
    const { book, servers, withdrawals, watch } = this.#options
    const rested = this.#resting.delete(namespace)
    // A namespace that was never read has no gateway yet that could let anybody in.
    if (!book.isPrepared(namespace)) return undefined
    const { pending } = book.plan(namespace)
    const withdrawn = book.withdrawn(namespace)
    const hasEnded = rested || withdrawn.length > 0
    if (hasEnded) book.hold(namespace, settling)
    // Before anything is written: what follows from it takes all the processors that there are.
    const taken = await withdrawals.tell(book.entries(namespace), withdrawn)
    if (taken !== undefined && taken > 0 && !rested) {
      this.#resting.add(namespace)
      return { requeueAfter: Math.min(longest, respite * taken) }
    }
    try {
      await parallel(pending, width, async entry => {
        await servers.revoke(entry)
        watch(entry)
      })
    } catch (error) {
      if (!isTerminating(error)) throw error
    }
    if (hasEnded) book.hold(namespace, settling)
    return undefined
  }
}
