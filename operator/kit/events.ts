import { randomUUID } from 'node:crypto'
import type { ApiClient } from './client.ts'
import { microTime, systemClock, type MonotonicClock } from './clock.ts'
import { silent, textOf, type Logger } from './log.ts'
import { isNotLeader } from './not-leader.ts'
import type { ApiObject, ApiResource } from './resource.ts'

export type EventDetails = {
  readonly regarding: ApiObject
  readonly type: 'Normal' | 'Warning'
  /** CamelCase; `action` says what was being done. */
  readonly reason: string
  readonly action: string
  readonly note: string
}
export type RecorderOptions = {
  readonly client: ApiClient
  /** Name of the controller, as `bartizan.io/operator`, and of this process. */
  readonly controller: string
  readonly instance: string
  readonly clock?: MonotonicClock
  readonly log?: Logger
}
type Series = { name: string; count: number; first: number; written: number }

const events: ApiResource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }

/** The same again within this time is the same series. */
const SERIES = 6 * 60_000
/** A series is brought up to date at most so often. */
const REFRESH = 60_000
/** Events of one object: so many at once, then one more in each `REFILL`. The counters of so many objects are kept. */
const BURST = 25
const REFILL = 5 * 60_000
const MAX_OBJECTS = 1000
/** A thousand of them may come at once, and they leave the sockets to what matters. */
const patient = { lane: 'events', timeout: 60_000 } as const

/** Writes Events (`events.k8s.io/v1`): repetitions become a series, chatter about one object is cut. Never throws and never waits; an Event is no truth. */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #clock: MonotonicClock
  readonly #series = new Map<string, Series>()
  /** When the bucket of an object would be full again. */
  readonly #full = new Map<string, number>()

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  record(event: EventDetails): void {
    this.#write(event).catch((error: unknown) => {
      if (isNotLeader(error)) return
      const { log = silent } = this.#options
      log.warn('event not written', { reason: event.reason, error: textOf(error) })
    })
  }

  async #write(event: EventDetails): Promise<void> {
    const { regarding, type, reason, action, note } = event
    const { uid = '', namespace = 'default', name = '' } = regarding.metadata
    const now = this.#clock.now()
    const key = JSON.stringify([uid, type, reason, action, note])
    const running = this.#series.get(key)
    if (running !== undefined && now - running.first < SERIES) return this.#repeat(running, namespace, now)
    if (!this.#isAllowed(uid, now)) return
    const series = { name: `${name}.${randomUUID().slice(0, 8)}`, count: 1, first: now, written: now }
    keep(this.#series, key, series)
    const { controller, instance, client } = this.#options
    const body = {
      metadata: { name: series.name, namespace },
      eventTime: microTime(now),
      reportingController: controller,
      reportingInstance: instance,
      regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, name, namespace, uid },
      type,
      reason,
      action,
      note: note.slice(0, 1000),
    }
    await client.create(events, namespace, body, patient)
  }

  async #repeat(series: Series, namespace: string, now: number): Promise<void> {
    series.count += 1
    if (series.count > 2 && now - series.written < REFRESH) return
    series.written = now
    const body = { series: { count: series.count, lastObservedTime: microTime(now) } }
    await this.#options.client.patch(events, namespace, series.name, body, { ...patient, type: 'merge' })
  }

  #isAllowed(uid: string, now: number): boolean {
    const full = Math.max(this.#full.get(uid) ?? 0, now) + REFILL
    if (full - now > BURST * REFILL) return false
    keep(this.#full, uid, full)
    return true
  }
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_OBJECTS && oldest !== undefined) map.delete(oldest)
}
