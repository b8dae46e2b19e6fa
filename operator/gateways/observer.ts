import { isDeepStrictEqual } from 'node:util'
import { podPorts as ports } from '../../gateway/config/ports.ts'
import type { ApiClient } from '../kit/client.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { Result } from '../kit/work-queue.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { Handshake, ObservedReport } from '../translate/index.ts'
import type { PlanStore } from '../plan/plan-store.ts'
import { mountsVersion, type ServerState } from '../plan/server-state.ts'
import type { GuardKeys } from '../secrets/guard-secrets.ts'
import { handshake } from './handshake.ts'
import type { Observation, PodHandshake } from '../plan/observations.ts'
import { addressOf, isDeleting, isReady } from '../cache/observed-pods.ts'
import { parallel } from '../kit/parallel.ts'
import { touchPods } from './touch-pods.ts'
import { askReport, type ReportAnswer } from './report.ts'
import { FairSlots } from './fair-slots.ts'
import type { SnapshotSources } from '../plan/snapshot.ts'

/** Milliseconds between two looks at gateways that do not run yet what is wanted. */
const reportIntervals = [300, 600, 1200, 2500, 5000, 10_000, 15_000] as const
/** Milliseconds that a kubelet gets before its pods are touched again. */
const retouchInterval = 250
/** Milliseconds after a touch in which no gateway can have loaded anything: asking would only delay it and the API server. */
const syncDelay = 350
/** How often gateways that answer, and run something else, have their pods touched again. */
const maxRetouches = 4
const observeInterval = 60_000
const handshakeInterval = 600_000
const handshakeRetries = [1000, 2000, 5000, 10_000, 30_000] as const
/** Milliseconds after which one look begins nothing new: the pods that are left wait for the next one. */
const maxObservation = 30_000
/** How many pods of a server are asked at once, and how many handshakes there are with it. */
const [reportWidth, handshakeWidth] = [16, 3] as const
/** Handshakes at once with all servers, and with those of one namespace: each may hold what is read of a server, and a slow one holds it for long. */
const [maxHandshakes, maxHandshakesPerNamespace] = [12, 4] as const
/** Milliseconds after which who found no room for a handshake comes again: each time all of its gateways are asked what they run. */
const slotRetries = [250, 500, 1000, 2000] as const

type Progress = {
  version: string
  attempt: number
  touchedVersion: string
  /** When the last touch was through, by the clock. */
  touchedAt: number
  retouches: number
  failures: number
  /** How often in a row there was no room for a handshake. */
  slotWaits: number
  readonly certificates: string[]
}

export type GatewayObserverOptions = {
  readonly client: ApiClient
  readonly clock: MonotonicClock
  readonly sources: SnapshotSources
  readonly plans: PlanStore
  /** Something is otherwise than it was: the namespace is to be planned anew. */
  readonly enqueueNamespace: (namespace: string) => void
}

/** Observes the gateways of servers: asks each for its signed report, makes the kubelets of outdated ones update their mounts, and performs a handshake through them. */
export class GatewayObserver {
  readonly #options: GatewayObserverOptions
  readonly #progress = new Map<string, Progress>()
  readonly #handshakeSlots: FairSlots

  constructor(options: GatewayObserverOptions) {
    this.#options = options
    this.#handshakeSlots = new FairSlots(maxHandshakes, maxHandshakesPerNamespace, () => options.clock.elapsed())
  }

  forget(key: string): void {
    this.#progress.delete(key)
  }

  /** Makes the kubelets update what the pods of a server mount, because it was changed a moment ago. */
  async expedite(state: ServerState): Promise<void> {
    const progress = this.#progressOf(state)
    await this.#touch(this.#pods(state), progress, progress.version)
  }

  /** Observes the gateways of a server once. */
  async observe(key: string, signal: AbortSignal): Promise<Result> {
    const { plans, sources } = this.#options
    const state = plans.server(key)
    if (state?.hash === undefined) return
    const keys = sources.guards.keys(state.namespace, state.server)
    // Its guard secret stands in the way: no gateway can be asked, which is known now.
    if (!keys) return this.#storeObservation(key, state, { reports: new Map(), handshakes: new Map() })
    const progress = this.#progressOf(state)
    const wait = this.#remainingSyncDelay(progress)
    if (wait > 0) return { requeueAfter: wait }
    const pods = this.#pods(state).filter(pod => addressOf(pod) !== undefined && !isDeleting(pod))
    const over = AbortSignal.timeout(maxObservation)
    const answers = await this.#ask(state, pods, keys, AbortSignal.any([signal, over]))
    const reports = new Map([...answers].map(([uid, { report }]) => [uid, report]))
    const { handshakes, isWaiting } = await this.#handshakes(state, pods, answers, { signal, over })
    this.#storeObservation(key, state, { reports, handshakes })
    const isBehind = pods.some(pod => !runs(reports.get(uidOf(pod)), state.hash))
    if (isBehind) return this.#touchOutdated(state, pods, progress)
    progress.attempt = 0
    progress.retouches = 0
    progress.touchedVersion = progress.version
    progress.slotWaits = isWaiting ? progress.slotWaits + 1 : 0
    if (isWaiting) return { requeueAfter: slotRetries[Math.min(progress.slotWaits, slotRetries.length) - 1]! }
    const allSucceeded = [...handshakes.values()].every(({ result }) => result.ok)
    progress.failures = allSucceeded ? 0 : progress.failures + 1
    const retry = handshakeRetries[Math.min(progress.failures, handshakeRetries.length) - 1]
    return { requeueAfter: retry ?? observeInterval * (0.9 + Math.random() * 0.2) }
  }

  /**
   * The newest file has not arrived: the kubelet may have seen the annotation before the ConfigMap. A gateway that does not answer is not helped by that; most
   * often it is only being started, and its pod has mounted what is new.
   */
  async #touchOutdated(state: ServerState, pods: readonly ApiObject[], progress: Progress): Promise<Result> {
    const { clock, sources } = this.#options
    const { attempt, version, retouches } = progress
    const { reports } = sources.observations.of(state.key)
    const behind = pods.filter(pod => !runs(reports.get(uidOf(pod)), state.hash))
    progress.attempt += 1
    // While its objects are still to be applied there is nothing new to be had; the reconciler that applies them expedites the kubelets.
    if (progress.touchedVersion !== version && (attempt > 0 || !state.needsApply)) {
      await this.#touch(behind, progress, version)
    } else if (retouches < maxRetouches && clock.elapsed() - progress.touchedAt >= retouchInterval) {
      const answering = behind.filter(pod => 'hash' in (reports.get(uidOf(pod)) ?? {}))
      if (answering.length > 0) progress.retouches += 1
      await this.#touch(answering, progress, `${version}.${progress.retouches}`)
    }
    return { requeueAfter: reportIntervals[Math.min(attempt, reportIntervals.length - 1)]! }
  }

  /** How long to wait with the first look at a new version, which the kubelets have just been told of. */
  #remainingSyncDelay({ attempt, touchedVersion, version, touchedAt }: Progress): number {
    if (attempt > 0 || touchedVersion !== version) return 0
    if (touchedAt === Number.POSITIVE_INFINITY) return syncDelay
    return touchedAt + syncDelay - this.#options.clock.elapsed()
  }

  /** It counts as done at once, so that an observation meanwhile does not repeat it. */
  async #touch(pods: readonly ApiObject[], progress: Progress, annotation: string): Promise<void> {
    const { client, clock } = this.#options
    const { version } = progress
    Object.assign(progress, { touchedVersion: version, touchedAt: Number.POSITIVE_INFINITY })
    try {
      await touchPods(client, pods, annotation)
    } catch (error) {
      progress.touchedVersion = ''
      throw error
    } finally {
      progress.touchedAt = clock.elapsed()
    }
  }

  #pods(state: ServerState): ApiObject[] {
    return this.#options.sources.caches.podsOf(state.namespace, state.server)
  }

  #progressOf(state: ServerState): Progress {
    const version = mountsVersion(state)
    const known = this.#progress.get(state.key)
    // What an operator finds when it starts was made known by the one before it.
    const progress = known ?? {
      version,
      attempt: 0,
      touchedVersion: version,
      touchedAt: 0,
      retouches: 0,
      failures: 0,
      slotWaits: 0,
      certificates: [],
    }
    if (progress.version !== version) Object.assign(progress, { version, attempt: 0, retouches: 0 })
    this.#progress.set(state.key, progress)
    return progress
  }

  async #ask(
    state: ServerState,
    pods: readonly ApiObject[],
    keys: GuardKeys,
    signal: AbortSignal,
  ): Promise<Map<string, ReportAnswer>> {
    const answers = new Map<string, ReportAnswer>()
    await parallel(pods, reportWidth, async pod => {
      const reporter = { ip: addressOf(pod)!, port: ports.admin, uid: uidOf(pod), keys }
      const answer = await askReport(reporter, signal)
      if (answer.unauthorized) this.#options.sources.guards.expire(state.namespace, state.server)
      answers.set(uidOf(pod), answer)
    })
    return answers
  }

  /** With each pod that is ready, when it has turned so, when its configuration has changed, and every ten minutes. A stopped server is not woken. */
  async #handshakes(
    state: ServerState,
    pods: readonly ApiObject[],
    answers: ReadonlyMap<string, ReportAnswer>,
    { signal, over }: { readonly signal: AbortSignal; readonly over: AbortSignal },
  ): Promise<{ readonly handshakes: Map<string, PodHandshake>; readonly isWaiting: boolean }> {
    const { clock, sources } = this.#options
    const before = sources.observations.of(state.key).handshakes
    const ready = state.stopped ? [] : pods.filter(isReady)
    const handshakes = new Map<string, PodHandshake>()
    let isWaiting = false
    await parallel(ready, handshakeWidth, async pod => {
      const { report, token } = answers.get(uidOf(pod)) ?? {}
      const known = before.get(uidOf(pod))
      if (known) handshakes.set(uidOf(pod), known)
      if (!report || token === undefined || !('hash' in report)) return
      const isFresh = known?.result.ok === true && clock.elapsed() - known.at < handshakeInterval
      if (isFresh && known.hash === report.hash) return
      const { server, namespace } = state
      const { hash } = report
      const address = this.#address(state, addressOf(pod)!)
      const attempt = (): Promise<Handshake> => handshake({ address, server, token, hash }, signal)
      const result = over.aborted ? undefined : await this.#handshakeSlots.run(namespace, attempt)
      if (result) handshakes.set(uidOf(pod), { at: clock.elapsed(), hash, result })
      else isWaiting = true
    })
    return { handshakes, isWaiting }
  }

  /** A certificate that was just renewed reaches the pod a moment later, so the one before is believed as well. */
  #address(state: ServerState, ip: string) {
    const { sources } = this.#options
    const { namespace, server, tlsSecret: secret } = state
    const current = secret === undefined ? undefined : sources.secrets.certificate(namespace, secret)
    const { certificates } = this.#progressOf(state)
    if (secret === undefined) certificates.length = 0
    else if (current !== undefined && certificates[0] !== current) certificates.unshift(current)
    certificates.length = Math.min(certificates.length, 2)
    return { ip, port: ports.client, host: `mcp-${server}.${namespace}.svc`, certificates }
  }

  #storeObservation(key: string, state: ServerState, observation: Observation): void {
    const { sources, enqueueNamespace } = this.#options
    const before = sources.observations.of(key)
    const isFirst = !sources.observations.has(key)
    sources.observations.set(key, observation)
    if (isFirst || !isDeepStrictEqual(before.reports, observation.reports) || !sameResults(before, observation))
      enqueueNamespace(state.namespace)
  }
}

const uidOf = (pod: ApiObject): string => pod.metadata.uid ?? ''

const runs = (report: ObservedReport | undefined, hash: string | undefined): boolean =>
  report !== undefined && 'hash' in report && report.hash === hash

const resultsOf = ({ handshakes }: Observation): unknown =>
  new Map([...handshakes].map(([uid, { result }]) => [uid, result]))
const sameResults = (a: Observation, b: Observation): boolean => isDeepStrictEqual(resultsOf(a), resultsOf(b))
