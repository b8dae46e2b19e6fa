import type { KeysFile } from '../../gateway/config/keys.ts'
import type { Withdrawal } from '../../gateway/config/withdrawal.ts'
import {
  RememberedSteps,
  translate,
  withdrawals,
  type Desired,
  type Generate,
  type ServerPlan,
} from '../translate/index.ts'
import { objectKey, type Applier } from './applier.ts'
import { entryKey, newEntry, takeUp, type Entry } from './server-state.ts'
import type { Clock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import { isDeleting } from '../gateways/observed-pods.ts'
import { controllerOf } from '../resources.ts'
import { gather, type Sources } from '../cache/snapshot.ts'

export type Plan = {
  readonly desired: Desired
  /** Servers for which something is to be applied or removed. */
  readonly pending: readonly Entry[]
  /** Servers whose gateways have to take up something that they did not have to before. */
  readonly changed: readonly Entry[]
}

type Namespace = {
  readonly entries: Map<string, Entry>
  /** What earlier plans worked out. */
  readonly memory: RememberedSteps
  /** Those of the last plan. */
  keys?: KeysFile
  /** What has ended since somebody told the gateways, by the uid of the APIKey. */
  withdrawn: Map<string, Withdrawal>
  prepared: boolean
  cost: number
  ended: number
  held: number
  /** Since when its plan has been waiting, while it does. */
  waits?: number
}

const newNamespace = (): Namespace => ({
  entries: new Map(),
  memory: new RememberedSteps(),
  withdrawn: new Map(),
  prepared: false,
  cost: 0,
  ended: 0,
  held: 0,
})

/** Plans may take so much of the time: a tenth. What only shows in statuses can wait that long. */
const idleShare = 9
/** Milliseconds that it waits at the most: who changes keys all the time must not keep the objects of others from being made. */
const longest = 5000

/** The plans of all namespaces. Planning waits for nothing, so the later of two plans is the one that knows more. */
export class Book {
  readonly #sources: Sources
  readonly #applier: Applier
  readonly #clock: Clock
  readonly #namespaces = new Map<string, Namespace>()

  constructor(sources: Sources, applier: Applier, clock: Clock) {
    this.#sources = sources
    this.#applier = applier
    this.#clock = clock
  }

  entry(key: string): Entry | undefined {
    const [namespace = '', server = ''] = key.split('/')
    return this.#namespaces.get(namespace)?.entries.get(server)
  }

  entries(namespace: string): Entry[] {
    return [...(this.#namespaces.get(namespace)?.entries.values() ?? [])]
  }

  namespaces(): string[] {
    return [...this.#namespaces.keys()]
  }

  /** Whether everything that a plan needs of the cluster has been read once. */
  isPrepared(namespace: string): boolean {
    return this.#namespaces.get(namespace)?.prepared === true
  }

  prepared(namespace: string): void {
    const state = this.#namespaces.get(namespace)
    if (state) state.prepared = true
  }

  /** Milliseconds that a plan should wait that is not for keys, so that large namespaces do not take all the time there is. At 0 its turn has come. */
  rest(namespace: string): number {
    const state = this.#namespaces.get(namespace)
    if (!state) return 0
    const now = this.#clock.elapsed()
    const until = Math.max(state.ended + idleShare * state.cost, state.held)
    if (until <= now) delete state.waits
    else state.waits ??= now
    const rest = Math.min(until, (state.waits ?? now) + longest) - now
    if (rest <= 0) delete state.waits
    return Math.max(0, rest)
  }

  /** Keys are being brought into force: everything else waits for so many milliseconds, since the API server has better to do. */
  hold(namespace: string, duration: number): void {
    const state = this.#namespaces.get(namespace)
    if (state) state.held = this.#clock.elapsed() + duration
  }

  /** What the gateways have to be told of keys, once. */
  withdrawn(namespace: string): Withdrawal[] {
    const state = this.#namespaces.get(namespace)
    const withdrawn = [...(state?.withdrawn.values() ?? [])]
    state?.withdrawn.clear()
    return withdrawn
  }

  /** Brings the entries in line with the servers that there are. Gives back those that have gone. */
  sync(namespace: string): Entry[] {
    const state = this.#namespaces.get(namespace) ?? newNamespace()
    const servers = this.#sources.caches.own.MCPServer.store.list(namespace).filter(server => !isDeleting(server))
    const present = new Map(servers.map(server => [server.metadata.name ?? '', server]))
    const gone = [...state.entries.values()].filter(
      ({ server, owner }) => present.get(server)?.metadata.uid !== owner.uid,
    )
    for (const { server, namespace, marks } of gone) {
      state.entries.delete(server)
      this.#applier.forget(marks.keys())
      this.#sources.guards.forget(namespace, server)
      this.#sources.observations.forget(entryKey(namespace, server))
    }
    for (const [name, object] of present) if (!state.entries.has(name)) state.entries.set(name, newEntry(object))
    this.#namespaces.set(namespace, state)
    return gone
  }

  forget(namespace: string): void {
    this.#namespaces.delete(namespace)
  }

  /** Plans a namespace from what is known now. */
  plan(namespace: string): Plan {
    const began = this.#clock.elapsed()
    this.sync(namespace)
    const state = this.#namespaces.get(namespace)!
    const desired = translate(gather(namespace, [...state.entries.values()], this.#sources), state.memory)
    this.#withdraw(namespace, state, desired.keys)
    const pending: Entry[] = []
    const changed: Entry[] = []
    for (const plan of desired.servers) {
      const entry = state.entries.get(plan.server)
      if (!entry) continue
      const version = `${entry.hash}.${entry.mounts}`
      this.#note(entry, plan, desired.tlsSecret)
      if (entry.isOpen || this.surplus(entry).length > 0) pending.push(entry)
      if (`${entry.hash}.${entry.mounts}` !== version) changed.push(entry)
    }
    state.ended = this.#clock.elapsed()
    state.cost = state.ended - began
    return { desired, pending, changed }
  }

  /** The keys that a namespace wants made. Nothing is noted down, so nobody acts on it. */
  generates(namespace: string): readonly Generate[] {
    return translate(gather(namespace, this.entries(namespace), this.#sources)).generate
  }

  /** Children that were made for a server and are not wanted any more. */
  surplus({ namespace, server, owner, marks }: Entry): ApiObject[] {
    return this.#sources.caches
      .childrenOf(namespace, server)
      .filter(child => controllerOf(child)?.uid === owner.uid && !marks.has(objectKey(child)) && !isDeleting(child))
  }

  /** Whichever lane plans first after a change of keys, nothing of it is lost. */
  #withdraw(namespace: string, state: Namespace, keys: KeysFile): void {
    const { keys: before } = state
    state.keys = keys
    if (!before || before === keys) return
    const there = this.#sources.caches.own.APIKey.store.list(namespace).filter(key => !isDeleting(key))
    const generations = new Map(there.map(({ metadata: { uid = '', generation = 0 } }) => [uid, generation]))
    for (const one of withdrawals(before, keys, generations)) state.withdrawn.set(one.uid, one)
  }

  #note(entry: Entry, plan: ServerPlan, tlsSecret: string | undefined): void {
    const { guards, secrets, caches } = this.#sources
    // Without its guard secret the pod could not start, and its gateway would have nothing to believe the operator by.
    const isGuarded = guards.keys(entry.namespace, entry.server) !== undefined
    takeUp(entry, plan)
    entry.isOpen = isGuarded && [...entry.marks].some(([key, fingerprint]) => this.#applier.needs(key, fingerprint))
    const { hash } = plan
    if (hash !== undefined) entry.hash = hash
    const { spec } = (caches.server(entry.namespace, entry.server) ?? {}) as { spec?: { stopped?: boolean } }
    entry.stopped = spec?.stopped === true
    if (tlsSecret === undefined) delete entry.tlsSecret
    else entry.tlsSecret = tlsSecret
    entry.mounts = secrets.facts(entry.namespace).find(({ name }) => name === tlsSecret)?.hash ?? ''
  }
}
