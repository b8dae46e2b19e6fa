import type { GeneratedKey, ObservedServer } from './observed.ts'

/** A Secret that exists, without its values. */
export type SecretFact = {
  readonly name: string
  readonly namespace: string
  readonly keys: readonly string[]
  /** Changes when a value changes; says nothing about the values. */
  readonly hash: string
  /** true: Bartizan made it, so no object may name it. */
  readonly owned?: boolean
}

/** The last spec of an object that compiled. Kept by the caller between two translations. */
export type LastGood = {
  readonly kind: string
  readonly name: string
  readonly uid?: string
  readonly generation?: number
  readonly spec: unknown
}

/** The MCPGateway and the policies of the operator's own namespace: what no other namespace can loosen. */
export type Floor = {
  readonly documents: readonly unknown[]
  readonly lastGood: readonly LastGood[]
}

/** Everything that the answer depends on, as plain data. One snapshot is about one namespace. */
export type Snapshot = {
  /** true: no cluster, one gateway for all servers, child processes are possible. */
  readonly standalone: boolean
  readonly namespace: string
  /** The objects of our kinds, as read: nothing about them is trusted. Their order does not matter. */
  readonly documents: readonly unknown[]
  readonly secrets: readonly SecretFact[]
  readonly lastGood: readonly LastGood[]
  /** Standalone: addresses given for servers with an image, by server name. */
  readonly urls?: Readonly<Record<string, string>>
  /** In a cluster: the image of the gateway's container. */
  readonly gatewayImage?: string
  /** In a cluster: where the operator runs. Its objects are the floor for all namespaces, and it may come to the admin port. */
  readonly operatorNamespace?: string
  /** Left out for the operator's own namespace, whose objects are the floor themselves. */
  readonly floor?: Floor
  /** What became of the APIKeys with `generate`. */
  readonly generated?: readonly GeneratedKey[]
  /** By server: what the preStop hook shows to its gateway. The guard secret is made before the first translation. */
  readonly drainTokens?: Readonly<Record<string, string>>
  /** Milliseconds since the epoch, if keys that have ended are to count as no way in. Gateways judge that by themselves. */
  readonly now?: number
  /** By server. Unset: nothing was observed yet, and no condition is written about it. */
  readonly observed?: Readonly<Record<string, ObservedServer>>
}

/** What of a snapshot is the same for every server. */
export type SharedSnapshot = Pick<Snapshot, 'standalone' | 'namespace' | 'urls' | 'gatewayImage' | 'operatorNamespace'>

/** What of a snapshot counts for one server once the objects are accepted. */
export type ServerSnapshot = SharedSnapshot & Pick<Snapshot, 'secrets' | 'drainTokens' | 'observed'>

export const sharedSnapshot = (snapshot: Snapshot): SharedSnapshot => ({
  standalone: snapshot.standalone,
  namespace: snapshot.namespace,
  ...(snapshot.urls && { urls: snapshot.urls }),
  ...(snapshot.gatewayImage !== undefined && { gatewayImage: snapshot.gatewayImage }),
  ...(snapshot.operatorNamespace !== undefined && { operatorNamespace: snapshot.operatorNamespace }),
})
