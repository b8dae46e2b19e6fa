import type { ErrorCode } from '../errors.ts'
import type { Denial, Message, Principal } from '../exchange.ts'

/** What goes to a server: judged already, byte for byte what is sent. */
export type UpstreamRequest = {
  readonly method: 'POST' | 'GET' | 'DELETE'
  /** Lowercase names; only those that are forwarded. `mcp-session-id` is the server's own id, not the sealed one. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** What was read of the body: one message, several in a batch, none for GET and DELETE. */
  readonly messages: readonly Message[]
  readonly principal: Principal
}

/** Response headers as they came, lowercase names. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Where an answer goes. `head` once, then `data`, then exactly one of `end` and `fail`; nothing after `cancel`. */
export type UpstreamSink = {
  head(status: number, headers: UpstreamHeaders): void
  data(chunk: Buffer): void
  end(): void
  /** `detail` is for the log only. */
  fail(code: ErrorCode, detail: string): void
  /** Instead of all of these: a bridge of ours does not take the request, and nothing of it has been sent. */
  refuse(denial: Denial): void
}

export type UpstreamCall = {
  /** Ends the call at once, before or after the head; the sink hears nothing more. */
  cancel(): void
  pause(): void
  resume(): void
}

/** A server as the pipeline sees it: something that speaks Streamable HTTP, be it across a socket or in this process (a stdio child). */
export type Upstream = {
  open(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall
  /** Says something that has no answer, whatever becomes of it. */
  notify(request: UpstreamRequest): void
  close(): Promise<void>
}
