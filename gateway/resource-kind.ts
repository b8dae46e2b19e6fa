/** One kind of resources that outlive a configuration: connection pools, health probes, session keys, authenticators, the counts of limits. */
export type ResourceKind<T> = {
  /** For the log; no two kinds have the same. */
  readonly name: string
  /**
   * How long a resource stays open that no configuration uses any more, in milliseconds: calls in flight go on using it, and a configuration
   * that asks for it again gets it back. Unset: it is closed at once.
   */
  readonly grace?: number
  /** Called once, when the first configuration that uses the resource is in force. */
  start?(resource: T): void
  /** Called once, when nothing uses the resource any more. */
  close?(resource: T): void | Promise<void>
}

/** What the stages of one server keep over changes of the configuration, by `gateway/runtime/registry.ts`. */
export type ServerResources = {
  /**
   * The resource that was made of the same: the open one, or one that is made now.
   * @param fingerprint whatever the resource is made of; another fingerprint is another resource
   */
  use<T>(kind: ResourceKind<T>, fingerprint: string, make: () => T): T
}
