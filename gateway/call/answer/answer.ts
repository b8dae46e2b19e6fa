import type { Caller, Denial, Finding } from '../../exchange.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import type { AdmittedCall } from '../admitted-call.ts'

/** How an answer goes on once the server's head is in: as one body, or event by event. */
export type AnswerWriter = {
  data(chunk: Buffer): void
  end(): void
  /** The server's side broke. */
  broken(denial: Denial): void
  /** The gateway ends it. */
  deny(denial: Denial): void
  /** For keep-alive comments. */
  tick(now: number): void
  /** The call is over: bytes that are held are released. */
  release(): void
  /** The server has done its part; what is left is for the client to take. */
  readonly sending: boolean
  /** Whether the server still owes the answer to a request. */
  owes(id: string): boolean
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
  /** A stage waits for this; the call bounds for how long. */
  wait(promise: Promise<void>): Promise<void>
  /** The answer is out, or there is no client any more. */
  finish(status: number): void
  /** All is said although the server has not ended: its side is closed, and `end` ends the client's. */
  complete(end: () => void): void
  pause(): void
  resume(): void
}
