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
import { objectKey, type Applier } from '../apply/applier.ts'
import { serverKey, newServerState, adoptPlan, type ServerState } from './server-state.ts'
import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import { isDeleting } from '../cache/observed-pods.ts'
import { controllerOf } from '../resources.ts'
import { gatherSnapshot, type SnapshotSources } from './snapshot.ts'

export type NamespacePlan = {
  readonly desired: Desired
  /** Servers for which something is to be applied or removed. */
  readonly pending: readonly ServerState[]
  /** Servers whose gateways have to load something new. */
  readonly changed: readonly ServerState[]
}

type NamespaceState = {
  readonly servers: Map<string, ServerState>
  /** What earlier plans worked out. */
  readonly memory: RememberedSteps
  /** Those of the last plan. */
  keys?: KeysFile
  /** Keys that ended and were not sent to the gateways yet, by the uid of the APIKey. */
  withdrawals: Map<string, Withdrawal>
  prepared: boolean
  planDuration: number
  plannedAt: number
  postponedUntil: number
  /** Since when its plan has been waiting, while it does. */
  waitingSince?: number
}

const newNamespaceState = (): NamespaceState => ({
  servers: new Map(),
  memory: new RememberedSteps(),
  withdrawals: new Map(),
  prepared: false,
  planDuration: 0,
  plannedAt: 0,
  postponedUntil: 0,
})

/** Planning may take a tenth of the time: after a plan, a namespace rests nine times as long as the plan took. */
const idleShare = 9
/** The longest such delay, in milliseconds: a namespace whose keys change all the time must still create the objects of its other servers. */
const maxDelay = 5000

/** The plans of all namespaces, and the state of each server. Planning is synchronous, so the later of two plans knows more. */
export class PlanStore {
  readonly #sources: SnapshotSources
  readonly #applier: Applier
  readonly #clock: MonotonicClock
  readonly #namespaces = new Map<string, NamespaceState>()

  constructor(sources: SnapshotSources, applier: Applier, clock: MonotonicClock) {
    this.#sources = sources
    this.#applier = applier
    this.#clock = clock
  }

  server(key: string): ServerState | undefined {
    const [namespace = '', server = ''] = key.split('/')
    return this.#namespaces.get(namespace)?.servers.get(server)
  }

  servers(namespace: string): ServerState[] {
    return [...(this.#namespaces.get(namespace)?.servers.values() ?? [])]
  }

  namespaces(): string[] {
    return [...this.#namespaces.keys()]
  }

  /** Whether everything that a plan needs of the cluster has been read once. */
  isPrepared(namespace: string): boolean {
    return this.#namespaces.get(namespace)?.prepared === true
  }

  markPrepared(namespace: string): void {
    const namespaceState = this.#namespaces.get(namespace)
    if (namespaceState) namespaceState.prepared = true
  }

  /** Milliseconds until a namespace may be planned, keys apart, so that large namespaces do not take all of the time. 0 means now. */
  delay(namespace: string): number {
    const namespaceState = this.#namespaces.get(namespace)
    if (!namespaceState) return 0
    const now = this.#clock.elapsed()
    const until = Math.max(
      namespaceState.plannedAt + idleShare * namespaceState.planDuration,
      namespaceState.postponedUntil,
    )
    if (until <= now) delete namespaceState.waitingSince
    else namespaceState.waitingSince ??= now
    const rest = Math.min(until, (namespaceState.waitingSince ?? now) + maxDelay) - now
    if (rest <= 0) delete namespaceState.waitingSince
    return Math.max(0, rest)
  }

  /** Delays plans of a namespace while its keys are brought into force, so that the API server is free for that. */
  postpone(namespace: string, duration: number): void {
    const namespaceState = this.#namespaces.get(namespace)
    if (namespaceState) namespaceState.postponedUntil = this.#clock.elapsed() + duration
  }

  /** The withdrawals that are still to be sent to the gateways. They are handed out once. */
  takeWithdrawals(namespace: string): Withdrawal[] {
    const namespaceState = this.#namespaces.get(namespace)
    const withdrawn = [...(namespaceState?.withdrawals.values() ?? [])]
    namespaceState?.withdrawals.clear()
    return withdrawn
  }

  /** Brings the states in line with the servers that there are. Gives back those that have gone. */
  sync(namespace: string): ServerState[] {
    const namespaceState = this.#namespaces.get(namespace) ?? newNamespaceState()
    const servers = this.#sources.caches.own.MCPServer.store.list(namespace).filter(server => !isDeleting(server))
    const present = new Map(servers.map(server => [server.metadata.name ?? '', server]))
    const gone = [...namespaceState.servers.values()].filter(
      ({ server, owner }) => present.get(server)?.metadata.uid !== owner.uid,
    )
    for (const { server, namespace, fingerprints } of gone) {
      namespaceState.servers.delete(server)
      this.#applier.forget(fingerprints.keys())
      this.#sources.guards.forget(namespace, server)
      this.#sources.observations.forget(serverKey(namespace, server))
    }
    for (const [name, object] of present)
      if (!namespaceState.servers.has(name)) namespaceState.servers.set(name, newServerState(object))
    this.#namespaces.set(namespace, namespaceState)
    return gone
  }

  forget(namespace: string): void {
    this.#namespaces.delete(namespace)
  }

  /** Plans a namespace from what is known now. */
  plan(namespace: string): NamespacePlan {
    const began = this.#clock.elapsed()
    this.sync(namespace)
    const namespaceState = this.#namespaces.get(namespace)!
    const desired = translate(
      gatherSnapshot(namespace, [...namespaceState.servers.values()], this.#sources),
      namespaceState.memory,
    )
    this.#recordWithdrawals(namespace, namespaceState, desired.keys)
    const pending: ServerState[] = []
    const changed: ServerState[] = []
    for (const plan of desired.servers) {
      const state = namespaceState.servers.get(plan.server)
      if (!state) continue
      const version = `${state.hash}.${state.mounts}`
      this.#updateServer(state, plan, desired.tlsSecret)
      if (state.needsApply || this.childrenToPrune(state).length > 0) pending.push(state)
      if (`${state.hash}.${state.mounts}` !== version) changed.push(state)
    }
    namespaceState.plannedAt = this.#clock.elapsed()
    namespaceState.planDuration = namespaceState.plannedAt - began
    return { desired, pending, changed }
  }

  /** The keys that a namespace wants made. Nothing is stored. */
  keysToGenerate(namespace: string): readonly Generate[] {
    return translate(gatherSnapshot(namespace, this.servers(namespace), this.#sources)).generate
  }

  /** Children that were created for a server and are no longer part of its plan. */
  childrenToPrune({ namespace, server, owner, fingerprints }: ServerState): ApiObject[] {
    return this.#sources.caches
      .childrenOf(namespace, server)
      .filter(
        child => controllerOf(child)?.uid === owner.uid && !fingerprints.has(objectKey(child)) && !isDeleting(child),
      )
  }

  /** Stores the withdrawals of a change of keys, whichever reconciler plans first. */
  #recordWithdrawals(namespace: string, namespaceState: NamespaceState, keys: KeysFile): void {
    const { keys: before } = namespaceState
    namespaceState.keys = keys
    if (!before || before === keys) return
    const there = this.#sources.caches.own.APIKey.store.list(namespace).filter(key => !isDeleting(key))
    const generations = new Map(there.map(({ metadata: { uid = '', generation = 0 } }) => [uid, generation]))
    for (const one of withdrawals(before, keys, generations)) namespaceState.withdrawals.set(one.uid, one)
  }

  #updateServer(state: ServerState, plan: ServerPlan, tlsSecret: string | undefined): void {
    const { guards, secrets, caches } = this.#sources
    // Without its guard secret the pod cannot start, and its gateway cannot authenticate the operator.
    const isGuarded = guards.keys(state.namespace, state.server) !== undefined
    adoptPlan(state, plan)
    state.needsApply =
      isGuarded && [...state.fingerprints].some(([key, fingerprint]) => this.#applier.needsApply(key, fingerprint))
    const { hash } = plan
    if (hash !== undefined) state.hash = hash
    const { spec } = (caches.server(state.namespace, state.server) ?? {}) as { spec?: { stopped?: boolean } }
    state.stopped = spec?.stopped === true
    if (tlsSecret === undefined) delete state.tlsSecret
    else state.tlsSecret = tlsSecret
    state.mounts = secrets.facts(state.namespace).find(({ name }) => name === tlsSecret)?.hash ?? ''
  }
}
