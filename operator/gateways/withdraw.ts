import type { Dispatcher } from 'undici'
import { podPorts } from '../../gateway/config/ports.ts'
import {
  signatureHeader,
  signWithdrawals,
  withdrawalMessages,
  type Withdrawal,
} from '../../gateway/config/withdrawal.ts'
import { sleep, type Clock } from '../kit/clock.ts'
import type { Metrics } from '../kit/metrics.ts'
import type { Caches } from '../cache/caches.ts'
import type { Entry } from '../reconcile/server-state.ts'
import { dial } from './dial.ts'
import type { Guards, Proofs } from '../secrets/guards.ts'
import { ask, Budget } from '../mcp/ask.ts'
import { addressOf } from './observed-pods.ts'
import { parallel } from '../kit/parallel.ts'

/** Milliseconds for one gateway to hear a message. */
const patience = 3000
/** Bytes of an answer, of which the status alone counts. */
const maxAnswer = 64 * 1024
/** Milliseconds in which most gateways have heard; who waits for the rest keeps the file from those that have not. */
const head = 250
/** How many gateways are told at once. */
const width = 32

/** While its guard secret is rotated, a gateway may know the one before alone. */
type Gateway = { readonly ip: string; readonly proofs: readonly Proofs[] }

export type WithdrawalsOptions = {
  readonly caches: Caches
  readonly guards: Guards
  readonly clock: Clock
  readonly metrics: Metrics
}

/**
 * Tells gateways of keys that have ended, by their admin ports: the file that says the same takes a kubelet, and far longer where there are many of
 * them. Nothing depends on it. Who is not reached, or too old to understand, learns it from the file; what it says can only take away.
 */
export class Withdrawals {
  readonly #options: WithdrawalsOptions

  constructor(options: WithdrawalsOptions) {
    this.#options = options
  }

  /**
   * Never throws, and takes no longer than it should: slow gateways are told while the caller goes on.
   * @returns how many gateways have taken it, if that is all there are
   */
  async tell(entries: readonly Entry[], withdrawn: readonly Withdrawal[]): Promise<number | undefined> {
    if (withdrawn.length === 0) return 0
    const messages = withdrawalMessages(withdrawn)
    const gateways = this.#gateways(entries)
    let taken = 0
    const told = parallel(gateways, width, async gateway => {
      if (await this.#tell(gateway, messages)) taken += 1
    })
    const over = new AbortController()
    await Promise.race([told, sleep(this.#options.clock, head, over.signal)])
    over.abort()
    return taken === gateways.length ? taken : undefined
  }

  /** Pods that end are among them: they still answer the calls that they have. */
  #gateways(entries: readonly Entry[]): Gateway[] {
    const { caches, guards } = this.#options
    return entries.flatMap(({ namespace, server }) => {
      const keys = guards.keys(namespace, server)
      if (!keys) return []
      const proofs = keys.previous ? [keys, keys.previous] : [keys]
      const addresses = caches.podsOf(namespace, server).flatMap(pod => addressOf(pod) ?? [])
      return addresses.map(ip => ({ ip, proofs }))
    })
  }

  async #tell({ ip, proofs }: Gateway, messages: readonly Buffer[]): Promise<boolean> {
    const client = dial({ ip, port: podPorts.admin, host: ip, certificates: [] })
    let isTaken = true
    try {
      for (const message of messages) {
        let status = 401
        for (const { withdrawal } of proofs) if (status === 401) status = await post(client, message, withdrawal)
        this.#count(status === 200 ? 'taken' : 'refused')
        isTaken &&= status === 200
      }
      return isTaken
    } catch {
      this.#count('unreachable')
      return false
    } finally {
      client.destroy().catch(() => {})
    }
  }

  #count(result: 'taken' | 'refused' | 'unreachable'): void {
    this.#options.metrics.add('bartizan_key_withdrawals_total', 'Gateways that were told of keys that ended.', {
      result,
    })
  }
}

async function post(client: Dispatcher, message: Buffer, secret: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/json', [signatureHeader]: signWithdrawals(message, secret) }
  const question = { method: 'POST', path: '/-/withdraw', headers, body: message }
  const budget = new Budget(maxAnswer)
  const taker = {
    data(chunk: Buffer) {
      budget.spend(chunk.length)
      return false
    },
  }
  const { status } = await ask(client, question, taker, AbortSignal.timeout(patience))
  return status
}
