import type { Dispatcher } from 'undici'
import { podPorts } from '../../gateway/config/ports.ts'
import {
  signatureHeader,
  signWithdrawals,
  withdrawalMessages,
  type Withdrawal,
} from '../../gateway/config/withdrawal.ts'
import { sleep, type MonotonicClock } from '../kit/clock.ts'
import type { MetricsRegistry } from '../kit/metrics.ts'
import type { Caches } from '../cache/caches.ts'
import type { ServerState } from '../plan/server-state.ts'
import { dial } from './dial.ts'
import type { GuardSecrets, GuardProofs } from '../secrets/guard-secrets.ts'
import { request, ByteBudget } from '../../mcp-client/request.ts'
import { addressOf } from '../cache/observed-pods.ts'
import { parallel } from '../kit/parallel.ts'

/** Milliseconds for one gateway to hear a message. */
const patience = 3000
/** Bytes of an answer, of which the status alone counts. */
const maxAnswer = 64 * 1024
/** Milliseconds in which most gateways have heard; who waits for the rest keeps the file from those that have not. */
const firstAnswers = 250
/** How many gateways are told at once. */
const width = 32

/** While its guard secret is rotated, a gateway may know the one before alone. */
type GatewayTarget = { readonly ip: string; readonly proofs: readonly GuardProofs[] }

export type WithdrawalSenderOptions = {
  readonly caches: Caches
  readonly guards: GuardSecrets
  readonly clock: MonotonicClock
  readonly metrics: MetricsRegistry
}

/**
 * Sends withdrawals, the keys that have ended, to the admin ports of gateways, because a ConfigMap takes longer through the kubelets. Nothing depends on it:
 * a gateway that is not reached, or too old, reads the same from its file. A withdrawal can only take access away.
 */
export class WithdrawalSender {
  readonly #options: WithdrawalSenderOptions

  constructor(options: WithdrawalSenderOptions) {
    this.#options = options
  }

  /**
   * Never throws, and takes no longer than it should: slow gateways are told while the caller goes on.
   * @returns how many gateways have accepted it, if that is all there are
   */
  async send(servers: readonly ServerState[], withdrawn: readonly Withdrawal[]): Promise<number | undefined> {
    if (withdrawn.length === 0) return 0
    const messages = withdrawalMessages(withdrawn)
    const gateways = this.#gateways(servers)
    let accepted = 0
    const sending = parallel(gateways, width, async gateway => {
      if (await this.#sendTo(gateway, messages)) accepted += 1
    })
    const over = new AbortController()
    await Promise.race([sending, sleep(this.#options.clock, firstAnswers, over.signal)])
    over.abort()
    return accepted === gateways.length ? accepted : undefined
  }

  /** Pods that end are among them: they still answer the calls that they have. */
  #gateways(servers: readonly ServerState[]): GatewayTarget[] {
    const { caches, guards } = this.#options
    return servers.flatMap(({ namespace, server }) => {
      const keys = guards.keys(namespace, server)
      if (!keys) return []
      const proofs = keys.previous ? [keys, keys.previous] : [keys]
      const addresses = caches.podsOf(namespace, server).flatMap(pod => addressOf(pod) ?? [])
      return addresses.map(ip => ({ ip, proofs }))
    })
  }

  async #sendTo({ ip, proofs }: GatewayTarget, messages: readonly Buffer[]): Promise<boolean> {
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
  const budget = new ByteBudget(maxAnswer)
  const handler = {
    data(chunk: Buffer) {
      budget.spend(chunk.length)
      return false
    },
  }
  const { status } = await request(client, question, handler, AbortSignal.timeout(patience))
  return status
}
