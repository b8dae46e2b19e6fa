import type { Handshake, ObservedReport } from '../translate/index.ts'

/** A handshake with the gateway of one pod. */
export type PodHandshake = { readonly at: number; readonly hash: string; readonly result: Handshake }

export type Observation = {
  readonly reports: ReadonlyMap<string, ObservedReport>
  readonly handshakes: ReadonlyMap<string, PodHandshake>
}

const nothing: Observation = { reports: new Map(), handshakes: new Map() }

/** What gateways reported, by the uid of their pods. It is the last answer, not the state of the cluster: a new operator asks again. */
export class Observations {
  readonly #servers = new Map<string, Observation>()

  of(key: string): Observation {
    return this.#servers.get(key) ?? nothing
  }

  /** Whether the gateways were asked at all. Until then a status would say less than the one before it. */
  has(key: string): boolean {
    return this.#servers.has(key)
  }

  set(key: string, observation: Observation): void {
    this.#servers.set(key, observation)
  }

  forget(key: string): void {
    this.#servers.delete(key)
  }

  /** The handshake that speaks for a server: that of the first of its ready pods, and a failed one before all others. */
  handshake(key: string, readyPods: readonly string[]): Handshake | undefined {
    const { handshakes } = this.of(key)
    const results = readyPods.flatMap(uid => handshakes.get(uid)?.result ?? [])
    return results.find(({ ok }) => !ok) ?? results[0]
  }
}
