import type { ApiClient } from '../kit/client.ts'
import { sleep, type MonotonicClock } from '../kit/clock.ts'
import type { HealthChecker } from '../kit/health.ts'
import { textOf, type Logger } from '../kit/log.ts'
import type { MetricsRegistry } from '../kit/metrics.ts'
import { fenceProbes, type FenceProbe } from './probes.ts'

/** Milliseconds after which the fence is tried again, and when it was not seen: policies are compiled a moment after they were applied. */
const interval = 3_600_000
const retryInterval = 5000

export type FenceOptions = {
  readonly client: ApiClient
  /** The operator's own. */
  readonly namespace: string
  readonly clock: MonotonicClock
  readonly log: Logger
  readonly metrics: MetricsRegistry
}

/**
 * Whether the fence around the operator's user stands: now and then it tries what each policy has to refuse. Nothing is written (`dryRun`), so who waits
 * for the lease tries as well. An API server that does not answer says nothing about the fence, and what was seen last holds.
 */
export class Fence {
  readonly #options: FenceOptions
  readonly #probes: readonly FenceProbe[]
  /** By policy: whether it refused. */
  readonly #seen = new Map<string, boolean>()
  /** Why a policy could not be asked. */
  readonly #errors = new Map<string, string>()
  #reported: string | undefined

  constructor(options: FenceOptions) {
    this.#options = options
    this.#probes = fenceProbes(options.namespace)
  }

  /** What stands in the way of readiness. */
  readonly problems: HealthChecker = () =>
    this.#probes
      .filter(({ policy }) => this.#seen.get(policy) !== true)
      .map(({ policy }) =>
        this.#seen.get(policy) === false
          ? `unfenced: the admission policy ${policy} let through what it has to refuse; apply config/admission, or start with --unfenced`
          : `the admission policy ${policy} was not seen yet: ${this.#errors.get(policy) ?? 'it was not asked'}`,
      )

  /** Tries again and again. Resolves after the abort; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#probePolicies(signal)
      if (signal.aborted) return
      this.#report()
      const isKnown = this.problems().length === 0 && this.#errors.size === 0
      await sleep(this.#options.clock, isKnown ? interval : retryInterval, signal)
    }
  }

  async #probePolicies(signal: AbortSignal): Promise<void> {
    const { client, namespace } = this.#options
    const options = { dryRun: true, ungated: true, signal }
    for (const { policy, resource, object, says } of this.#probes) {
      try {
        await client.create(resource, namespace, object, options)
        this.#note(policy, false)
      } catch (error) {
        const text = textOf(error)
        if (text.includes(says)) this.#note(policy, true)
        else this.#errors.set(policy, text)
      }
      if (signal.aborted) return
    }
  }

  #note(policy: string, holds: boolean): void {
    this.#seen.set(policy, holds)
    this.#errors.delete(policy)
    this.#options.metrics.set(
      'bartizan_fence_holds',
      'Whether an admission policy refused the operator what it has to refuse, when it was tried last.',
      { policy },
      Number(holds),
    )
  }

  #report(): void {
    const problems = this.problems()
    const text = problems.join('\n')
    if (text === this.#reported) return
    this.#reported = text
    if (problems.length === 0) this.#options.log.info('fenced', { policies: this.#probes.length })
    else this.#options.log.error('not fenced', { problems })
  }
}
