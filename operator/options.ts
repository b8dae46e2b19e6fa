import type { MonotonicClock } from './kit/clock.ts'
import type { ApiCredentials } from './kit/credentials.ts'
import type { Logger } from './kit/log.ts'

/** Everything that an operator needs from outside. */
export type OperatorOptions = {
  readonly credentials: ApiCredentials
  /** The namespace that it runs in: of its lease and its salt, and the floor for all others. */
  readonly namespace: string
  /** Of this very process. */
  readonly identity: string
  readonly gatewayImage: string
  readonly log: Logger
  /** Where health and metrics are served, on both families; 0 for any free port, left out for none. */
  readonly port?: number
  /** Starts although no admission policy keeps its user to what is its own, and does not look whether one does. */
  readonly unfenced?: boolean
  /** Called when leadership was lost: the process has to end. */
  lost(): void
  readonly clock?: MonotonicClock
  /** Asked before each write in addition to the lease; a test lets an operator die between two writes with it. */
  readonly gate?: () => boolean
  /** Milliseconds of the lease, for tests that wait for a hand-over. */
  readonly lease?: { readonly leaseDuration: number; readonly renewDeadline: number; readonly retryPeriod: number }
}

export type Operator = {
  /** Port of health and metrics, if they are served. */
  readonly port: number | undefined
  isLeader(): boolean
  /** Resolves when this process has become the one that writes. */
  elected(): Promise<void>
  /** Finishes what is under way, hands the lease over and ends; nothing is asked of the API server afterwards. */
  stop(): Promise<void>
}
