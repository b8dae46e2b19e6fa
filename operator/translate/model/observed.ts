import type { Reason } from './reasons.ts'

/** One container of a pod, as its kubelet reports it. The gateway is among them, be it a sidecar or not. */
export type ObservedContainer = {
  readonly name: string
  readonly ready: boolean
  readonly restarts: number
  readonly waiting?: { readonly reason: string; readonly message: string }
  /** How it ended last: now (`state.terminated`), or before it was started again (`lastState.terminated`). */
  readonly terminated?: { readonly reason: string; readonly exitCode: number; readonly message: string }
}

/** What the gateway of a pod has signed, or why it could not be asked. */
export type ObservedReport =
  | {
      /** The configuration that the gateway runs. */
      readonly hash: string
      /** The highest schema number that the gateway knows. */
      readonly schema: number
      /** false: the newest configuration that it was given does not compile. */
      readonly ok: boolean
      readonly issues: readonly string[]
      /** Tools that the server has and that stay hidden until they are approved. */
      readonly unapproved?: readonly string[]
    }
  | { readonly error: string }

/** What a gateway's container runs, field by field: hashes. */
export type GatewayShape = Readonly<Record<'image' | 'command' | 'args' | 'env' | 'envFrom' | 'volumeMounts', string>>

export type ObservedPod = {
  readonly name: string
  readonly uid: string
  readonly ready: boolean
  readonly deleting: boolean
  /** Why no node was found for it; unset once it has one. */
  readonly scheduled?: string
  readonly containers: readonly ObservedContainer[]
  /** Names of the containers that its spec holds; unset where it was not looked at. */
  readonly holds?: readonly string[]
  /** What the container of its gateway is told to run; unset where it has none. */
  readonly gateway?: GatewayShape
  readonly report?: ObservedReport
}

/** What kept a list of tools from being read to its end: there is only so much that is read of a server. */
export type InventoryShortfall = {
  readonly reason: Extract<Reason, 'TooManyTools' | 'ListTooLong' | 'ListTooSlow' | 'ListUnreadable' | 'CursorRepeated'>
  readonly message: string
}

/** What came of the last MCP handshake through a gateway, as `system:operator`. */
export type Handshake =
  | {
      readonly ok: true
      /** The configuration that the gateway ran while it was asked. */
      readonly hash: string
      readonly tools: readonly string[]
      /** Changes when a name or a definition of a tool changes. */
      readonly inventory: string
      /** Why the list of tools was not read to its end. */
      readonly shortfall?: InventoryShortfall
      readonly serverInfo?: { readonly name: string; readonly version: string }
      /** Revision of the protocol that was spoken. */
      readonly revision: string
    }
  | { readonly ok: false; readonly reason: string; readonly message: string }

/** An object that stands in the way: it has the name of one of ours and belongs to another owner. */
export type NameConflict = { readonly kind: string; readonly name: string; readonly owner: string }

/** An object that the API server would not take, in its words. */
export type ApplyRefusal = {
  readonly kind: string
  readonly name: string
  readonly message: string
  /** What is in the object and is to go. */
  readonly entries?: readonly string[]
}

/** What others keep in an object of ours although it was removed, by the paths of its fields. */
export type Foreign = {
  readonly kind: string
  readonly name: string
  /** Touches the guard, the way to it, or what isolates it. */
  readonly grave: readonly string[]
  readonly minor: readonly string[]
}

/** What is known of the objects of one server. */
export type ObservedServer = {
  readonly deployment?: {
    readonly generation: number
    readonly observedGeneration: number
    readonly replicas: number
    readonly updatedReplicas: number
    readonly readyReplicas: number
    readonly availableReplicas: number
    /** Of the pods that it asks for, as its template says. */
    readonly shape?: string
    /** Message of the condition ReplicaFailure: pods that cannot even be created (quota, pod security). */
    readonly replicaFailure?: string
  }
  readonly pods: readonly ObservedPod[]
  readonly handshake?: Handshake
  readonly conflicts: readonly NameConflict[]
  readonly refusals?: readonly ApplyRefusal[]
  readonly foreign?: readonly Foreign[]
}

/** What became of an APIKey that is generated. */
export type GeneratedKey = {
  readonly apiKey: string
  /** The very object for which it was made; one of the same name that came after it has no part in it. */
  readonly uid?: string
  /** Digest of the key: the owned Secret that holds it was read. */
  readonly digest?: string
  /** The Secret in which that key was handed out, which may be another than the one that is asked for now. */
  readonly secretName?: string
  /** true: the Secret with the key itself was deleted after it was fetched. */
  readonly collected?: boolean
  /** Why there is no key: a Secret of that name exists and is not ours, or the API server said no. */
  readonly problem?: { readonly reason: 'SecretExists' | 'GenerateFailed'; readonly message: string }
}
