/** A Secret that exists, without its values. */
export type SecretFact = {
  readonly name: string
  readonly namespace: string
  readonly keys: readonly string[]
  /** Changes when a value changes; says nothing about the values. */
  readonly hash: string
}

/** The last spec of an object that compiled. Kept by the caller between two translations. */
export type LastGood = {
  readonly kind: string
  readonly name: string
  readonly uid?: string
  readonly generation?: number
  readonly spec: unknown
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
}
