import type { Level } from './level.ts'
import { parallel } from './parallel.ts'
import type { Servers } from './servers.ts'
import { isTerminating } from './terminating.ts'
import type { Withdrawals } from './withdraw.ts'

export type RevocationsOptions = Level & { readonly servers: Servers; readonly withdrawals: Withdrawals }

/** Milliseconds in which gateways usually take up what was written. Statuses that follow then say so at once, and are not written twice. */
const settling = 2000

/** How many ConfigMaps of a namespace are written at once. */
const width = 16

/** The lane of the keys: gateways are told of those that ended, nothing is read first, and of all objects only the configurations are written. */
export class Revocations {
  readonly #options: RevocationsOptions

  constructor(options: RevocationsOptions) {
    this.#options = options
  }

  async reconcile(namespace: string): Promise<void> {
    const { book, servers, withdrawals, watch } = this.#options
    // A namespace that was never read has no gateway yet that could let anybody in.
    if (!book.isPrepared(namespace)) return
    book.hold(namespace, settling)
    const { pending } = book.plan(namespace)
    // Before anything is written: what follows from it takes all the processors that there are.
    await withdrawals.tell(book.entries(namespace), book.withdrawn(namespace))
    try {
      await parallel(pending, width, async entry => {
        await servers.revoke(entry)
        watch(entry)
      })
    } catch (error) {
      if (!isTerminating(error)) throw error
    }
    book.hold(namespace, settling)
  }
}
