import type { Clock } from '../kit/clock.ts'
import type { Result } from '../kit/queue.ts'
import { statusesOf, type Status } from '../translate/index.ts'
import type { Plan } from './plan-store.ts'
import { entryKey, type Entry } from './server-state.ts'
import type { Occasion } from '../secrets/guards.ts'
import type { Level } from './level.ts'
import { addressOf, isDeleting } from '../gateways/observed-pods.ts'
import { readAgain } from '../secrets/named-secrets.ts'
import { parallel } from '../kit/parallel.ts'
import { Leftover } from '../ownership.ts'
import { documentsOf, secretsNamedIn, type Sources } from '../cache/snapshot.ts'
import type { Statuses } from './statuses.ts'
import { isTerminating } from '../kit/terminating.ts'

export type NamespacesOptions = Level & {
  readonly sources: Sources
  readonly statuses: Statuses
  readonly clock: Clock
  /** A server has to be brought in line. */
  readonly work: (entry: Entry) => void
  /** It is no more. */
  readonly gone: (entry: Entry) => void
}

/** Milliseconds until a former server's objects have been collected and its successor gets its own. */
const leftoverAgain = 500

/** The first level of work: a namespace is read, planned, and its statuses are written. */
export class Namespaces {
  readonly #options: NamespacesOptions

  constructor(options: NamespacesOptions) {
    this.#options = options
  }

  async reconcile(namespace: string): Promise<Result> {
    const { book, sources } = this.#options
    const rest = book.rest(namespace)
    if (rest > 1) return { requeueAfter: rest }
    for (const entry of book.sync(namespace)) this.#options.gone(entry)
    if (documentsOf(sources.caches, namespace).length === 0) return this.#forget(namespace)
    try {
      return await this.#see(namespace)
    } catch (error) {
      if (!isTerminating(error)) throw error
      // Everything here is about to go; what has gone will be told.
      return { requeueAfter: readAgain }
    }
  }

  async #see(namespace: string): Promise<Result> {
    const { sources, statuses, book } = this.#options
    const waits = await this.#prepare(namespace)
    // What was handed out is read first: a plan that does not know it yet would shut out all who hold such a key, and give its Secret to an older one.
    if (!book.isPrepared(namespace)) await sources.generated.read(namespace, book.generates(namespace))
    book.prepared(namespace)
    let plan = this.#plan(namespace)
    if (await sources.generated.ensure(namespace, plan.desired.generate)) plan = this.#plan(namespace)
    await sources.lastGood.keep(namespace, plan.desired.lastGood)
    await statuses.write(
      statusesOf(plan.desired).filter(status => status.namespace === namespace && this.#isKnown(status)),
    )
    return { requeueAfter: waits ? leftoverAgain : this.#again(namespace) }
  }

  /**
   * A server with pods whose gateways this process has not asked yet keeps the status that its predecessor wrote. One whose objects are about to be
   * applied for the first time gets its status after that: it would be another one a moment later.
   */
  #isKnown({ kind, namespace, name }: Status): boolean {
    const { book, sources } = this.#options
    const { caches, observations } = sources
    const key = entryKey(namespace, name)
    const entry = book.entry(key)
    if (kind === 'MCPServer' && entry !== undefined && this.#isAboutToBe(entry)) return false
    if (kind !== 'MCPServer' || observations.has(key)) return true
    return caches.podsOf(namespace, name).every(pod => addressOf(pod) === undefined || isDeleting(pod))
  }

  #isAboutToBe({ namespace, server, marks, wasTried }: Entry): boolean {
    const { conflict, refusal } = this.#options.sources.guards.trouble(namespace, server)
    return !wasTried && marks.size > 0 && !conflict && !refusal
  }

  /** Reads what a plan needs and caches do not have. Resolves to whether a former server is still in the way of its successor. */
  async #prepare(namespace: string): Promise<boolean> {
    const { sources, book } = this.#options
    const names = secretsNamedIn(sources, namespace)
    let waits = false
    await Promise.all([
      sources.secrets.refresh(namespace, names),
      parallel(book.entries(namespace), 8, async entry => {
        const { owner } = entry
        try {
          await sources.guards.ensure(owner, this.#occasion(entry))
        } catch (error) {
          if (!(error instanceof Leftover)) throw error
          waits = entry.wasTried = true
        }
      }),
    ])
    return waits
  }

  #occasion({ namespace, server }: Entry): Occasion {
    const { caches } = this.#options.sources
    const { generation, annotations } = caches.server(namespace, server)?.metadata ?? {}
    return {
      isNew: caches.children.Deployment.store.get(namespace, `mcp-${server}`) === undefined,
      isWaiting: caches.podsOf(namespace, server).some(pod => addressOf(pod) === undefined && !isDeleting(pod)),
      said: JSON.stringify([generation, annotations]),
    }
  }

  #plan(namespace: string): Plan {
    const plan = this.#options.book.plan(namespace)
    for (const entry of plan.pending) this.#options.work(entry)
    for (const entry of plan.changed) this.#options.watch(entry)
    this.#lookAtFirst(namespace)
    return plan
  }

  #lookAtFirst(namespace: string): void {
    const { sources, book, watch } = this.#options
    for (const entry of book.entries(namespace)) if (!sources.observations.has(entry.key)) watch(entry)
  }

  /** Named Secrets are read again, those that are missing sooner. */
  #again(namespace: string): number {
    const { sources } = this.#options
    const names = [...secretsNamedIn(sources, namespace)]
    const known = new Set(sources.secrets.facts(namespace).map(({ name }) => name))
    return names.every(name => known.has(name)) ? readAgain * (0.9 + Math.random() * 0.2) : 5000
  }

  #forget(namespace: string): void {
    const { book, sources } = this.#options
    book.forget(namespace)
    sources.secrets.forget(namespace)
    sources.generated.forget(namespace)
  }
}
