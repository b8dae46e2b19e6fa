import { isStatus } from './api-error.ts'
import type { ApiClient } from './client.ts'
import { microTime, sleep, systemClock, type MonotonicClock } from './clock.ts'
import { silent, textOf, type Logger } from './log.ts'
import type { ApiObject, ApiResource } from './resource.ts'

export type LeaderOptions = {
  readonly client: ApiClient
  readonly namespace: string
  readonly name: string
  /** Of this very process: not of its pod, whose name a restarted container keeps. */
  readonly identity: string
  readonly clock?: MonotonicClock
  readonly log?: Logger
  readonly random?: () => number
  /** Called when leadership was lost: stop, and end the process. */
  lost(): void
  /** Milliseconds. */
  readonly leaseDuration?: number
  readonly renewDeadline?: number
  readonly retryPeriod?: number
}

const leases: ApiResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}

type Spec = {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

/**
 * The lease of client-go's leader election. The clocks of two processes are never compared: the age of a lease is counted from when this process saw it change, and
 * only while it could look.
 */
export class Leader {
  readonly #options: LeaderOptions
  readonly #clock: MonotonicClock
  readonly #log: Logger
  readonly #leaseDuration: number
  readonly #renewDeadline: number
  #isHolding = false
  /** When the request of the last renewal that succeeded was sent, on both clocks. */
  #renewed = { elapsed: 0, now: 0 }
  #observed = { version: '', at: 0, lookedAt: -Infinity }
  #elected = Promise.withResolvers<void>()

  constructor(options: LeaderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silent
    this.#leaseDuration = options.leaseDuration ?? 15_000
    this.#renewDeadline = options.renewDeadline ?? 10_000
  }

  /**
   * Whether this process may write now. The monotonic clock stands still in a machine that is suspended, the other one may be set back: the one that says
   * more counts.
   */
  isLeader(): boolean {
    const { elapsed, now } = this.#renewed
    const age = Math.max(this.#clock.elapsed() - elapsed, this.#clock.now() - now)
    return this.#isHolding && age < this.#renewDeadline
  }

  elected(): Promise<void> {
    return this.#elected.promise
  }

  /** Seeks the lease and keeps it. Resolves after the abort or, once it has told so, after the loss; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { retryPeriod = 2000, random = Math.random } = this.#options
    while (!signal.aborted) {
      try {
        await this.#tryAcquireOrRenew(signal)
      } catch (error) {
        if (!signal.aborted) this.#log.warn('lease', { error: textOf(error), isHolding: this.#isHolding })
      }
      if (this.#isHolding && !this.isLeader()) return this.#lose('not renewed in time')
      if (!this.#isHolding && this.#wasElected) return
      await sleep(this.#clock, this.#isHolding ? retryPeriod : retryPeriod * (1 + random() * 0.2), signal)
    }
  }

  /** Hands over, after `run` has ended and all writes have been answered. Never rejects: who cannot release lets the lease run out. */
  async release(): Promise<void> {
    const { client } = this.#options
    if (!this.#isHolding) return
    this.#isHolding = false
    try {
      await client.settled()
      const lease = await this.#get()
      const spec = (lease?.['spec'] ?? {}) as Spec
      if (lease === undefined || spec.holderIdentity !== this.#options.identity) return
      await this.#write(lease, { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(this.#clock.now()) })
    } catch (error) {
      this.#log.warn('the lease was not released', { error: textOf(error) })
    }
  }

  #wasElected = false

  async #tryAcquireOrRenew(signal: AbortSignal): Promise<void> {
    const lease = await this.#get(signal)
    const spec = (lease?.['spec'] ?? {}) as Spec
    const isMine = spec.holderIdentity === this.#options.identity
    if (lease !== undefined && !isMine && !this.#isFree(lease, spec)) {
      if (this.#isHolding) this.#lose(`${spec.holderIdentity} has it`)
      return
    }
    const sent = { elapsed: this.#clock.elapsed(), now: this.#clock.now() }
    const time = microTime(this.#clock.now())
    await this.#write(
      lease,
      {
        holderIdentity: this.#options.identity,
        leaseDurationSeconds: Math.ceil(this.#leaseDuration / 1000),
        renewTime: time,
        ...(!isMine && {
          acquireTime: time,
          leaseTransitions: (spec.leaseTransitions ?? 0) + Number(lease !== undefined),
        }),
      },
      signal,
    )
    // No other process took it, so nothing was lost; but nothing was written either.
    if (this.#isHolding && !this.isLeader()) this.#log.warn('lease renewed late')
    this.#renewed = sent
    if (!this.#isHolding) this.#log.info('elected', { identity: this.#options.identity })
    this.#isHolding = true
    this.#wasElected = true
    this.#elected.resolve()
  }

  /** Whether the lease of another holder was released, or has been seen unchanged for as long as it lasts. */
  #isFree({ metadata }: ApiObject, spec: Spec): boolean {
    const now = this.#clock.elapsed()
    const { version, lookedAt } = this.#observed
    // A process that could not read the lease for a while does not know what happened meanwhile; a write of the holder may still be under way in a server that was frozen.
    const isNews = version !== metadata.resourceVersion || now - lookedAt > this.#renewDeadline
    this.#observed = { version: metadata.resourceVersion ?? '', at: isNews ? now : this.#observed.at, lookedAt: now }
    const lasts = Math.max(this.#leaseDuration, (spec.leaseDurationSeconds ?? 0) * 1000)
    return (spec.holderIdentity ?? '') === '' || now - this.#observed.at >= lasts
  }

  #lose(why: string): void {
    this.#isHolding = false
    this.#log.error('leadership lost', { why })
    this.#options.lost()
  }

  async #get(signal?: AbortSignal): Promise<ApiObject | undefined> {
    const { client, namespace, name } = this.#options
    try {
      const options = { lane: 'lease', timeout: this.#renewDeadline / 2, ...(signal && { signal }) } as const
      return await client.get(leases, namespace, name, options)
    } catch (error) {
      if (isStatus(error, 404)) return undefined
      throw error
    }
  }

  /** The resource version makes it fail (409) where another process was faster. */
  async #write(lease: ApiObject | undefined, spec: Spec, signal?: AbortSignal): Promise<void> {
    const { client, namespace, name } = this.#options
    const options = {
      ungated: true,
      lane: 'lease' as const,
      timeout: this.#renewDeadline / 2,
      ...(signal && { signal }),
    }
    if (lease === undefined) await client.create(leases, namespace, { metadata: { name }, spec }, options)
    else {
      const body = { metadata: { resourceVersion: lease.metadata.resourceVersion }, spec }
      await client.patch(leases, namespace, name, body, { ...options, type: 'merge' })
    }
  }
}
