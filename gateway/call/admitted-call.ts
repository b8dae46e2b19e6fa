import type { Identity } from '../auth/authenticator.ts'
import type { Caller, Denial, Finding, Message } from '../exchange.ts'
import type { ServerRuntime } from '../runtime/runtime.ts'
import type { Session } from '../sessions/session.ts'
import type { RequestContext } from './request-context.ts'
import type { OpenedTask } from './decision/open-tasks.ts'
import type { Resumption } from './resumption.ts'

/** How an answer goes on once the server's head is in: as one body, or event by event. */
export type Answer = {
  data(chunk: Buffer): void
  end(): void
  /** The server's side broke. */
  broken(denial: Denial): void
  /** The gateway ends it. */
  deny(denial: Denial): void
  /** For keep-alive comments. */
  tick(now: number): void
  /** The call is over: bytes that are held are given back. */
  release(): void
  /** The server has done its part; what is left is for the client to take. */
  readonly sending: boolean
  /** Whether the server still owes the answer to a request. */
  owes(id: string): boolean
}

/** An admitted call: who, to which server, with which judged messages. */
export type AdmittedCall = {
  readonly context: RequestContext
  readonly identity: Identity
  readonly server: ServerRuntime
  readonly caller: Caller
  /** The messages as judged; none for GET and DELETE. */
  readonly messages: readonly Message[]
  /** The session that the request named, and the id as the client spells it. */
  readonly session: { readonly sealed: string; readonly opened: Session } | undefined
  /** Tasks that the messages named, by the server's own ids. */
  readonly tasks: readonly OpenedTask[]
  /** What a GET with `Last-Event-ID` goes on with. */
  readonly resumed?: Resumption
}

/** The call, as its answer sees it. */
export type CallControl = {
  readonly admitted: AdmittedCall
  /** Policies of the newest configuration: a swap changes them under an open stream. */
  readonly server: ServerRuntime
  readonly caller: Caller
  /** The client has its answer, or is gone: nothing more may be written. */
  readonly over: boolean
  /** Ends the call with a refusal, wherever it is: an answer with the id, or an error event in the open stream. */
  deny(denial: Denial, findings?: readonly Finding[]): void
  /** An error of our own: this call is refused, and all others go on. */
  fault(error: unknown): void
  /** The answer is out, or nobody is there to have it. */
  finish(status: number): void
  /** All is said although the server has not ended: its side is closed, and `end` ends the client's. */
  complete(end: () => void): void
  pause(): void
  resume(): void
}
