import type { ErrorCode } from './errors.ts'

/** Who calls. */
export type Principal = {
  /** The name of the authenticator that let them in: `key`, `operator`. */
  readonly provider: string
  /** The name of the APIKey, or `system:operator`: for people to read. Another caller may have it next. */
  readonly subject: string
  /**
   * What sessions, processes and all else of a caller are bound to, and nothing else is: the same over reloads, restarts and rotations, and another one
   * when an APIKey is deleted and made anew under its name. Never shown.
   */
  readonly id: string
  readonly grants: Grants
}

/** What a principal was granted by its own credential. The policies of a server only narrow it. */
export type Grants = {
  allowsScope(scope: Scope): boolean
  allowsServer(server: string): boolean
  allowsTool(tool: string): boolean
  /** Milliseconds since the epoch; Infinity for a credential without end. */
  readonly expiresAt: number
}

/**
 * What a method asks for. `handshake`: to find out what a server is. `servers:read`: that and all that only looks. `gateway:execute`: everything.
 * Each includes the one before; a key is granted the last two.
 */
export type Scope = 'handshake' | 'servers:read' | 'gateway:execute'

/** JSON-RPC 2.0: a request has method and id, a notification has no id, a response has no method. */
export type Shape = 'request' | 'notification' | 'response'

/** One JSON-RPC message: the bytes that travel, and what the only parser made of them. */
export type Message = {
  readonly bytes: Buffer
  readonly shape: Shape
  /** The raw token as spelled: `7` and `"7"` differ, 9007199254740993 survives. */
  readonly id?: string
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: unknown
  /** All bytes are ASCII and there is no backslash: a detector may search the bytes as they are. */
  readonly plain: boolean
}

/** legacy: revisions up to 2025-11-25, with `initialize` and sessions. modern: 2026-07-28. */
export type Era = 'legacy' | 'modern'

/** Who calls which server: what is known of a call before and after its messages. */
export type Caller = {
  readonly principal: Principal
  readonly server: string
  readonly era: Era
  /** Now, in milliseconds since the epoch, when the call came in: stages have no clock of their own. */
  readonly now: number
}

/** A call that is authenticated and read. There is no other way to have one. */
export type Exchange = Caller & { readonly message: Message }

/** `code` is for programs, `text` overrides the public text of the code, `detail` is for log and audit only. */
export type Denial = {
  readonly stage: string
  readonly code: ErrorCode
  readonly text?: string
  readonly detail?: string
  /** The raw id token of the message that is refused, where it could be read. */
  readonly id?: string
  /** What programs read beside the reason, where the specification gives a code such members. */
  readonly data?: Readonly<Record<string, unknown>>
  /** When a new attempt may succeed, where the stage knows better than the table of codes. Seconds. */
  readonly retryAfter?: number
  /** What the client is to show, where it is not what the configuration accepts in general: a whole `WWW-Authenticate`. */
  readonly challenge?: string
}

/** Something a detector saw, whether it was acted on or not. Never holds the text that matched. */
export type Finding = {
  readonly detector: string
  /** What in the detector fired: the name of a secret rule, `keyword 3`. Safe to log. */
  readonly rule: string
  readonly channel: Channel
  readonly policy: string
  readonly action: 'Block' | 'Redact' | 'Warn'
  readonly mode: 'Enforce' | 'Audit'
}

/** Where a text stands in MCP traffic. */
export type Channel = 'Definition' | 'Arguments' | 'Result' | 'Prompt' | 'Resource' | 'Elicitation'

export type Verdict =
  | { readonly pass: true; readonly findings?: readonly Finding[] }
  | { readonly replace: Buffer; readonly findings?: readonly Finding[] }
  | { readonly deny: Denial; readonly findings?: readonly Finding[] }

export const pass: Authorization = { pass: true }

/** A verdict that leaves the message as it is. */
export type Authorization = Exclude<Verdict, { readonly replace: Buffer }>

/** An answer that is there, or that comes later. What is there is not waited for. */
export type MaybePromise<T> = T | Promise<T>

/**
 * A judgement in steps. A stage that has worked for a millisecond or two yields, and the code that drives it gives other calls a turn; a stage that
 * answers at once need not know of this.
 */
export type Steps<T> = Generator<undefined, T>

/**
 * A stage *judges* the messages of a call, in both directions. It is built once for each configuration and is pure: after a rewrite or a reload it
 * is asked again about the same message, so it must not count anything (what counts is a `Charge`).
 *
 * `request` sees what the caller sends (requests, notifications, and responses to the server's own requests), `response` what the server sends
 * (responses, notifications, and its requests to the client). A stage that throws, or whose promise rejects, has refused.
 */
export type Stage = {
  readonly name: string
  request?(x: Exchange): MaybePromise<Verdict> | Steps<Verdict>
  response?(x: Caller, answer: Message): MaybePromise<Verdict> | Steps<Verdict>
}

/**
 * A stage whose refusal of a request depends on who calls. It is asked again for every open call after a reload, and a revoked caller's streams
 * end within a second: so it answers without waiting.
 */
export type AuthorizingStage = Omit<Stage, 'request'> & {
  readonly authorizes: true
  request(x: Exchange): Authorization | Steps<Authorization>
}

/** What a charge holds for one message: it is taken for good, or given back. */
export type Reservation = { commit(): void; release(): void }

/**
 * A stage that *charges*: it counts calls, and its answer depends on what it has counted. It is asked exactly once for each message of a request,
 * whatever is rewritten or reloaded meanwhile, and never for a call that is open already. All charges of a server are asked, and only when all of them
 * answer with a reservation is any of them committed. A message that is refused later stays charged.
 */
export type Charge = {
  readonly name: string
  /** Reserves what the message costs, or refuses it; undefined: it costs nothing. */
  reserve(x: Exchange): MaybePromise<Reservation | { readonly deny: Denial } | undefined>
}

/** Everything that judges and charges what a caller sends, in its order. */
export type PolicyChain = readonly (Stage | Charge)[]

/** What the reader may hold: counted before anything is parsed. */
export type ReadLimits = {
  readonly maxBytes: number
  readonly maxValues: number
  readonly maxDepth: number
}

/** Result of reading a body: one message, a JSON-RPC batch (revision 2025-03-26 only), or a refusal. */
export type Read = { readonly message: Message } | { readonly batch: readonly Message[] } | { readonly denied: Denial }
