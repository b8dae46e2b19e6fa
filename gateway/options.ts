import type { Authenticator } from './auth/authenticator.ts'
import type { PolicyChain } from './exchange.ts'
import type { Server } from './config/servers.ts'
import type { Guards } from './config/guard.ts'
import type { Issue } from './config/index.ts'
import type { ConfigFile } from './config/renderings.ts'
import type { ServerResources } from './resource-kind.ts'

/** The two files of a configuration, as text; or why one of them could not be read, which leaves what it says as it was. */
export type ConfigTexts = Readonly<Record<ConfigFile, string | Issue>>

/** Where audit lines go. `write` may buffer; `stalled` tells that it cannot take more. */
export type LineSink = {
  write(lines: string): void
  stalled(): boolean
  close(): Promise<void>
  /** Set by the writer of the lines: called with what other processes did to the file, so that the log itself can say so. */
  notice?: ((what: string) => void) | undefined
}

/** What a sink has to say: of the first of a row of failures, of their end, and of what others did to its file. */
export type Notices = {
  failed(error: Error): void
  recovered(): void
  noticed(what: string): void
}

export type Log = {
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
}

/** `optional`: where this address family does not exist, the others are enough. */
export type Endpoint =
  { readonly host: string; readonly port: number; readonly optional?: true } | { readonly socket: string }

/** Times of a drain, in milliseconds. */
export type DrainTimes = {
  /** How long clients still arrive after a pod has turned not-ready: its endpoints take that long to reach every node. */
  readonly settle?: number
  /** After which a drain that nothing followed is over. Unset: the longest request timeout and 10 s. */
  readonly grace?: number
}

/** What a program that embeds a gateway adds to its configuration. */
export type Extensions = {
  /** Asked after the operator's token and before API keys. */
  readonly authenticators?: readonly Authenticator[]
  /** The chain of a server, with what is added to it. What a charge counts in is one of the `resources`, so that it survives reloads. */
  readonly chain?: ((chain: PolicyChain, server: Server, resources: ServerResources) => PolicyChain) | undefined
}

/** Everything impure that a gateway needs, passed in. */
export type GatewayOptions = {
  readonly texts: ConfigTexts
  /** Reads the file of a secret slot. */
  readSecret(file: string): Buffer
  /** 32 random bytes that belong to one server (or, as `_gateway`, to the gateway itself) and outlive the process: all keys are derived from them. */
  guard(server: string): Guards
  /** Pod uid, or the instance id of the state folder. */
  readonly instance: string
  readonly client: readonly Endpoint[]
  readonly admin?: readonly Endpoint[]
  readonly metrics?: readonly Endpoint[]
  /** Whether `system:operator` may come in by the client port, with the token from the guard secret: in a pod it may. */
  readonly operator?: boolean
  readonly drain?: DrainTimes
  readonly extensions?: Extensions
  readonly audit: LineSink
  readonly log: Log
  /** Milliseconds since the epoch; a test that plays with time passes its own. */
  now?(): number
}

/** What runs after the newest files were looked at. `keys`: the keys among them are in force, whatever became of the policies. */
export type ReloadResult = { readonly hash: string; readonly keys: boolean; readonly issues: readonly Issue[] }

export type Gateway = {
  /** Base URLs that the client port really has (port 0 resolved). */
  readonly urls: readonly string[]
  readonly adminUrl: string | undefined
  readonly metricsUrl: string | undefined
  /**
   * Compiles the new texts completely, then swaps. When the first text is refused the old policies stay and still every key that was removed,
   * revoked or shortened is applied; `issues` says why.
   */
  apply(texts: ConfigTexts): ReloadResult
  /** SHA-256 over what was compiled. */
  readonly hash: string
  /** Folders of the secrets that the configuration names and that are rotated without a change of it. */
  readonly secretFolders: readonly string[]
  /** Runs the clock of the open calls by hand; for tests that play with time. */
  tick(): void
  /** Not ready, finish calls, close streams so that clients resume, then resolve. */
  stop(): Promise<void>
}

/** A configuration that cannot be started with. */
export class ConfigurationError extends Error {
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, message }) => `${path}: ${message}`).join('\n'))
    this.issues = issues
  }
}
