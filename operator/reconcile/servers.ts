import type { Recorder } from '../kit/events.ts'
import type { Result } from '../kit/queue.ts'
import type { Applier, Outcome } from './applier.ts'
import type { Book } from './plan-store.ts'
import { wishOf, type Entry } from './server-state.ts'
import { Leftover } from '../ownership.ts'
import type { Foreign } from '../translate/index.ts'
import { tellCreated, tellRemoved } from './record-events.ts'
import { isTerminating } from '../kit/terminating.ts'

export type ServersOptions = {
  readonly applier: Applier
  readonly book: Book
  readonly recorder: Recorder
  /** What its pods mount was changed. */
  readonly hurry: (entry: Entry) => Promise<void>
  readonly watch: (entry: Entry) => void
  /** Its namespace is to be planned anew: what is known of the server is otherwise than before. */
  readonly noticed: (namespace: string) => void
}

/** Milliseconds after which it is looked whether what stood in the way has gone. */
const troubleAgain = 10_000
const leftoverAgain = 500

/** The second level of work: the objects of one server are applied in order, and those that are not wanted are removed. */
export class Servers {
  readonly #options: ServersOptions

  constructor(options: ServersOptions) {
    this.#options = options
  }

  async reconcile(key: string): Promise<Result> {
    const entry = this.#options.book.entry(key)
    if (!entry) return
    const { applier } = this.#options
    const before = troubleOf(entry)
    const isFirst = !entry.wasTried
    const rest = (): number => Math.min(...[...entry.marks.keys()].map(one => applier.rest(one) ?? Infinity))
    // What others put into an object is to be removed once more.
    if (rest() === 0) entry.isOpen = true
    try {
      await this.#apply(entry)
      await this.#prune(entry)
    } catch (error) {
      if (isTerminating(error)) return
      if (error instanceof Leftover) return { requeueAfter: leftoverAgain }
      throw error
    } finally {
      entry.wasTried = true
      if (isFirst) this.#options.noticed(entry.namespace)
    }
    if (troubleOf(entry) !== before) this.#options.noticed(entry.namespace)
    const again = Math.min(isRefused(entry) ? troubleAgain : Infinity, rest())
    return again === Infinity ? undefined : { requeueAfter: Math.max(again, leftoverAgain) }
  }

  /** Its policies and keys alone, for those who cannot wait. */
  async revoke(entry: Entry): Promise<void> {
    const key = [...openKeys(entry)].find(one => one.startsWith('ConfigMap/'))
    if (key !== undefined) await this.#one(entry, key)
  }

  async #apply(entry: Entry): Promise<void> {
    for (const key of openKeys(entry)) {
      // A NetworkPolicy that cannot be written must not be missed by a pod that runs already.
      if (!(await this.#one(entry, key))) return
    }
  }

  /** False when the object stands in the way, or was refused. */
  async #one(entry: Entry, key: string): Promise<boolean> {
    const { applier } = this.#options
    const outcome = await applier.apply(key, () => wishOf(entry, key), entry.owner)
    entry.conflicts.delete(key)
    entry.refusals.delete(key)
    if ('change' in outcome) noteForeign(entry, key, outcome.foreign)
    if ('conflict' in outcome) entry.conflicts.set(key, outcome.conflict)
    else if ('refusal' in outcome) entry.refusals.set(key, outcome.refusal)
    else await this.#done(entry, key, outcome)
    return 'change' in outcome
  }

  async #done(
    entry: Entry,
    key: string,
    { change, removed = [] }: Extract<Outcome, { change: unknown }>,
  ): Promise<void> {
    const [kind = '', , name = ''] = key.split('/')
    if (removed.length > 0) tellRemoved(this.#options.recorder, entry.regarding, `${kind} ${name}`, removed)
    if (change === 'created' && kind === 'Deployment') tellCreated(this.#options.recorder, entry.regarding, kind, name)
    if (change !== 'changed' || kind !== 'ConfigMap') return
    this.#options.watch(entry)
    await this.#options.hurry(entry)
  }

  async #prune(entry: Entry): Promise<void> {
    const { book, applier } = this.#options
    for (const child of book.surplus(entry)) await applier.remove(child)
  }
}

const openKeys = ({ isOpen, marks }: Entry): Iterable<string> => (isOpen ? marks.keys() : [])

const isRefused = ({ conflicts, refusals }: Entry): boolean => conflicts.size + refusals.size > 0

const troubleOf = ({ conflicts, refusals, foreign }: Entry): string =>
  JSON.stringify([conflicts, refusals, foreign].map(map => [...map.values()]))

function noteForeign({ foreign }: Entry, key: string, found: Foreign | undefined): void {
  if (found) foreign.set(key, found)
  else foreign.delete(key)
}
