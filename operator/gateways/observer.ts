import { isDeepStrictEqual } from 'node:util'
import { podPorts as ports } from '../../gateway/config/ports.ts'
import type { Client } from '../kit/client.ts'
import type { Clock } from '../kit/clock.ts'
import type { Result } from '../kit/queue.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { Handshake, ObservedReport } from '../translate/index.ts'
import type { Book } from '../reconcile/plan-store.ts'
import { mountsVersion, type Entry } from '../reconcile/server-state.ts'
import type { GuardKeys } from '../secrets/guards.ts'
import { shake } from './handshake.ts'
import type { Observation, Shaken } from './observations.ts'
import { addressOf, isDeleting, isReady } from './observed-pods.ts'
import { parallel } from '../kit/parallel.ts'
import { poke } from './touch-pods.ts'
import { askReport, type Answer } from './report.ts'
import { Slots } from './slots.ts'
import type { Sources } from '../cache/snapshot.ts'

/** Milliseconds between two looks at gateways that do not run yet what is wanted. */
const steps = [300, 600, 1200, 2500, 5000, 10_000, 15_000] as const
/** Milliseconds that a kubelet gets before it is poked again. */
const patience = 250
/** Milliseconds after a poke in which no gateway has taken up anything yet: asking it would only keep it, and the API server, from that. */
const uptake = 350
/** How often gateways that answer, and run something else, are poked again. */
const pokesAgain = 4
const lookAgain = 60_000
const shakeAgain = 600_000
const shakeRetry = [1000, 2000, 5000, 10_000, 30_000] as const
/** Milliseconds after which one look begins nothing new: the pods that are left wait for the next one. */
const longest = 30_000
/** How many pods of a server are asked at once, and how many handshakes there are with it. */
const [askWidth, shakeWidth] = [16, 3] as const
/** Handshakes at once with all servers, and with those of one namespace: each may hold what is read of a server, and a slow one holds it for long. */
const [allShakes, ownShakes] = [12, 4] as const
/** Milliseconds after which who found no room for a handshake comes again: each time all of its gateways are asked what they run. */
const roomAgain = [250, 500, 1000, 2000] as const

type Progress = {
  version: string
  attempt: number
  poked: string
  /** When the last poke was through, by the clock. */
  told: number
  again: number
  failures: number
  /** How often in a row there was no room for a handshake. */
  waits: number
  readonly certificates: string[]
}

export type ObserverOptions = {
  readonly client: Client
  readonly clock: Clock
  readonly sources: Sources
  readonly book: Book
  /** Something is otherwise than it was: the namespace is to be planned anew. */
  readonly noticed: (namespace: string) => void
}

/** Asks the gateways of a server what they run, has their kubelets hurry, and uses them as a client would. */
export class Observer {
  readonly #options: ObserverOptions
  readonly #progress = new Map<string, Progress>()
  readonly #shakes: Slots

  constructor(options: ObserverOptions) {
    this.#options = options
    this.#shakes = new Slots(allShakes, ownShakes, () => options.clock.elapsed())
  }

  forget(key: string): void {
    this.#progress.delete(key)
  }

  /** Has the kubelets bring up to date what the pods of a server mount: it was changed a moment ago. */
  async hurry(entry: Entry): Promise<void> {
    const progress = this.#progressOf(entry)
    await this.#poke(this.#pods(entry), progress, progress.version)
  }

  /** One look at a server. */
  async observe(key: string, signal: AbortSignal): Promise<Result> {
    const { book, sources } = this.#options
    const entry = book.entry(key)
    if (entry?.hash === undefined) return
    const keys = sources.guards.keys(entry.namespace, entry.server)
    // Its guard secret stands in the way: nobody could be asked, which is known now.
    if (!keys) return this.#note(key, entry, { reports: new Map(), handshakes: new Map() })
    const progress = this.#progressOf(entry)
    const early = this.#early(progress)
    if (early > 0) return { requeueAfter: early }
    const pods = this.#pods(entry).filter(pod => addressOf(pod) !== undefined && !isDeleting(pod))
    const over = AbortSignal.timeout(longest)
    const answers = await this.#ask(entry, pods, keys, AbortSignal.any([signal, over]))
    const reports = new Map([...answers].map(([uid, { report }]) => [uid, report]))
    const { handshakes, isWaiting } = await this.#handshakes(entry, pods, answers, { signal, over })
    this.#note(key, entry, { reports, handshakes })
    const isBehind = pods.some(pod => !runs(reports.get(uidOf(pod)), entry.hash))
    if (isBehind) return this.#push(entry, pods, progress)
    progress.attempt = 0
    progress.again = 0
    progress.poked = progress.version
    progress.waits = isWaiting ? progress.waits + 1 : 0
    if (isWaiting) return { requeueAfter: roomAgain[Math.min(progress.waits, roomAgain.length) - 1]! }
    const isShaken = [...handshakes.values()].every(({ result }) => result.ok)
    progress.failures = isShaken ? 0 : progress.failures + 1
    const retry = shakeRetry[Math.min(progress.failures, shakeRetry.length) - 1]
    return { requeueAfter: retry ?? lookAgain * (0.9 + Math.random() * 0.2) }
  }

  /**
   * The newest file has not arrived: the kubelet may have seen the annotation before the ConfigMap. A gateway that does not answer is not helped by that; most
   * often it is only being started, and its pod has mounted what is new.
   */
  async #push(entry: Entry, pods: readonly ApiObject[], progress: Progress): Promise<Result> {
    const { clock, sources } = this.#options
    const { attempt, version, again } = progress
    const { reports } = sources.observations.of(entry.key)
    const behind = pods.filter(pod => !runs(reports.get(uidOf(pod)), entry.hash))
    progress.attempt += 1
    // While its objects are still to be applied there is nothing new to be had; whoever applies them hurries the kubelets.
    if (progress.poked !== version && (attempt > 0 || !entry.isOpen)) {
      await this.#poke(behind, progress, version)
    } else if (again < pokesAgain && clock.elapsed() - progress.told >= patience) {
      const answering = behind.filter(pod => 'hash' in (reports.get(uidOf(pod)) ?? {}))
      if (answering.length > 0) progress.again += 1
      await this.#poke(answering, progress, `${version}.${progress.again}`)
    }
    return { requeueAfter: steps[Math.min(attempt, steps.length - 1)]! }
  }

  /** How long to wait with the first look at a new version, which the kubelets have just been told of. */
  #early({ attempt, poked, version, told }: Progress): number {
    if (attempt > 0 || poked !== version) return 0
    if (told === Number.POSITIVE_INFINITY) return uptake
    return told + uptake - this.#options.clock.elapsed()
  }

  /** It counts as done at once, so that nobody who looks meanwhile does the same again. */
  async #poke(pods: readonly ApiObject[], progress: Progress, annotation: string): Promise<void> {
    const { client, clock } = this.#options
    const { version } = progress
    Object.assign(progress, { poked: version, told: Number.POSITIVE_INFINITY })
    try {
      await poke(client, pods, annotation)
    } catch (error) {
      progress.poked = ''
      throw error
    } finally {
      progress.told = clock.elapsed()
    }
  }

  #pods(entry: Entry): ApiObject[] {
    return this.#options.sources.caches.podsOf(entry.namespace, entry.server)
  }

  #progressOf(entry: Entry): Progress {
    const version = mountsVersion(entry)
    const known = this.#progress.get(entry.key)
    // What an operator finds when it starts was made known by the one before it.
    const progress = known ?? {
      version,
      attempt: 0,
      poked: version,
      told: 0,
      again: 0,
      failures: 0,
      waits: 0,
      certificates: [],
    }
    if (progress.version !== version) Object.assign(progress, { version, attempt: 0, again: 0 })
    this.#progress.set(entry.key, progress)
    return progress
  }

  async #ask(
    entry: Entry,
    pods: readonly ApiObject[],
    keys: GuardKeys,
    signal: AbortSignal,
  ): Promise<Map<string, Answer>> {
    const answers = new Map<string, Answer>()
    await parallel(pods, askWidth, async pod => {
      const reporter = { ip: addressOf(pod)!, port: ports.admin, uid: uidOf(pod), keys }
      const answer = await askReport(reporter, signal)
      if (answer.unauthorized) this.#options.sources.guards.expire(entry.namespace, entry.server)
      answers.set(uidOf(pod), answer)
    })
    return answers
  }

  /** With each pod that is ready, when it has turned so, when its configuration has changed, and every ten minutes. A stopped server is not woken. */
  async #handshakes(
    entry: Entry,
    pods: readonly ApiObject[],
    answers: ReadonlyMap<string, Answer>,
    { signal, over }: { readonly signal: AbortSignal; readonly over: AbortSignal },
  ): Promise<{ readonly handshakes: Map<string, Shaken>; readonly isWaiting: boolean }> {
    const { clock, sources } = this.#options
    const before = sources.observations.of(entry.key).handshakes
    const ready = entry.stopped ? [] : pods.filter(isReady)
    const handshakes = new Map<string, Shaken>()
    let isWaiting = false
    await parallel(ready, shakeWidth, async pod => {
      const { report, token } = answers.get(uidOf(pod)) ?? {}
      const known = before.get(uidOf(pod))
      if (known) handshakes.set(uidOf(pod), known)
      if (!report || token === undefined || !('hash' in report)) return
      const isFresh = known?.result.ok === true && clock.elapsed() - known.at < shakeAgain
      if (isFresh && known.hash === report.hash) return
      const { server, namespace } = entry
      const { hash } = report
      const address = this.#address(entry, addressOf(pod)!)
      const shaking = (): Promise<Handshake> => shake({ address, server, token, hash }, signal)
      const result = over.aborted ? undefined : await this.#shakes.run(namespace, shaking)
      if (result) handshakes.set(uidOf(pod), { at: clock.elapsed(), hash, result })
      else isWaiting = true
    })
    return { handshakes, isWaiting }
  }

  /** A certificate that was just renewed reaches the pod a moment later, so the one before is believed as well. */
  #address(entry: Entry, ip: string) {
    const { sources } = this.#options
    const { namespace, server, tlsSecret: secret } = entry
    const current = secret === undefined ? undefined : sources.secrets.certificate(namespace, secret)
    const { certificates } = this.#progressOf(entry)
    if (secret === undefined) certificates.length = 0
    else if (current !== undefined && certificates[0] !== current) certificates.unshift(current)
    certificates.length = Math.min(certificates.length, 2)
    return { ip, port: ports.client, host: `mcp-${server}.${namespace}.svc`, certificates }
  }

  #note(key: string, entry: Entry, observation: Observation): void {
    const { sources, noticed } = this.#options
    const before = sources.observations.of(key)
    const isFirst = !sources.observations.has(key)
    sources.observations.set(key, observation)
    if (isFirst || !isDeepStrictEqual(before.reports, observation.reports) || !sameResults(before, observation))
      noticed(entry.namespace)
  }
}

const uidOf = (pod: ApiObject): string => pod.metadata.uid ?? ''

const runs = (report: ObservedReport | undefined, hash: string | undefined): boolean =>
  report !== undefined && 'hash' in report && report.hash === hash

const resultsOf = ({ handshakes }: Observation): unknown =>
  new Map([...handshakes].map(([uid, { result }]) => [uid, result]))
const sameResults = (a: Observation, b: Observation): boolean => isDeepStrictEqual(resultsOf(a), resultsOf(b))
