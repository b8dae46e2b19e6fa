import type { Issue } from './config/index.ts'

/** The two files of a configuration, as text. */
export type ConfigTexts = { readonly gateway: string; readonly keys: string }

/** Where audit lines go. `write` may buffer; `stalled` tells that it cannot take more. */
export type LineSink = {
  write(lines: string): void
  stalled(): boolean
  close(): Promise<void>
}

export type Log = {
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
}

export type Endpoint = { readonly host: string; readonly port: number } | { readonly socket: string }

/** Everything impure that a gateway needs, passed in. */
export type GatewayOptions = {
  readonly texts: ConfigTexts
  /** Reads the file of a secret slot. */
  readSecret(file: string): Buffer
  /** 32 random bytes that belong to one server and outlive the process; all keys of the server are derived from them. */
  guard(server: string): Buffer
  /** Pod uid, or the instance id of the state folder. */
  readonly instance: string
  readonly client: readonly Endpoint[]
  readonly admin?: Endpoint
  readonly metrics?: Endpoint
  readonly audit: LineSink
  readonly log: Log
}

export type Applied = { readonly hash: string; readonly issues: readonly Issue[] }

export type Gateway = {
  /** Base URLs that the client port really has (port 0 resolved). */
  readonly urls: readonly string[]
  /**
   * Compiles the new texts completely, then swaps. When the first text is refused the old policies stay and still every key that was removed,
   * revoked or shortened is applied; `issues` says why.
   */
  apply(texts: ConfigTexts): Applied
  /** SHA-256 over what was compiled. */
  readonly hash: string
  /** Not ready, finish calls, close streams so that clients resume, then resolve. */
  stop(): Promise<void>
}
