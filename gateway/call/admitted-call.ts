import type { Identity } from '../auth/authenticator.ts'
import type { Caller, Message } from '../exchange.ts'
import type { ServerRuntime } from '../runtime/runtime.ts'
import type { Session } from '../sessions/session.ts'
import type { HeldTask } from '../sessions/tasks.ts'
import type { PendingRequest } from './pending-request.ts'
import type { RequestContext } from './request-context.ts'
import type { Resumption } from './resumption.ts'

/** A task that a request named, and the id under which the caller knows it. */
export type OpenedTask = HeldTask & { readonly sealed: string }

/** The session that a request named, and its id as the client spells it. */
export type NamedSession = { readonly sealed: string; readonly opened: Session }

/** An admitted call: who, to which server, with which judged messages. */
export type AdmittedCall = {
  readonly context: RequestContext
  readonly identity: Identity
  readonly server: ServerRuntime
  readonly caller: Caller
  /** The messages as judged; none for GET and DELETE. */
  readonly messages: readonly Message[]
  /** What is sent of them. */
  readonly body?: Buffer
  readonly session: NamedSession | undefined
  /** Tasks that the messages named, by the server's own ids. */
  readonly tasks: readonly OpenedTask[]
  /** What a GET with `Last-Event-ID` goes on with. */
  readonly resumed?: Resumption | undefined
}

/** The requests that this call may bring the answers of. */
export const pendingRequests = ({ resumed, messages }: AdmittedCall): readonly PendingRequest[] =>
  resumed?.pending ?? messages
