import type { Message } from '../../exchange.ts'
import { idKey } from '../../mcp/id.ts'
import { member } from '../../mcp/spans.ts'
import { replaceSpan, splice } from '../../mcp/splice.ts'
import { tokenAt } from '../../upstream/stdio/token.ts'
import type { CallControl } from './answer.ts'
import { pendingUnder, progressTokenOf, type PendingRequest } from '../pending-request.ts'
import { pendingRequests } from '../admitted-call.ts'

const subscription = 'io.modelcontextprotocol/subscriptionId'

/** Ids of a server's requests are echoed by the client: what is longer, or spelled with escapes, would be a text that no detector has read. */
const isName = (id: string | undefined): boolean => id !== undefined && id.length <= 130 && !id.includes('\\')

type Meta = { readonly _meta?: Readonly<Record<string, unknown>> }

/**
 * What of the server's messages belongs to this call: the answers to its requests, each once, and the progress and events that were asked for
 * under its own tokens. A server could send what belongs to another caller, or put a text where a token should be.
 */
export class AnswerCorrelation {
  readonly #call: CallControl
  readonly #pending: readonly PendingRequest[]
  #answered: Set<PendingRequest> | undefined
  #withheld: Set<PendingRequest> | undefined
  #tokens: ReadonlySet<string> | undefined

  constructor(call: CallControl) {
    this.#call = call
    this.#pending = pendingRequests(call.admitted)
  }

  /** Requests that wait for their answer. */
  unanswered(): readonly PendingRequest[] {
    return this.#pending.filter(one => one.shape === 'request' && this.#answered?.has(one) !== true)
  }

  /** An answer came that the client may not have. */
  withheld(id: string | undefined): void {
    const asked = pendingUnder(this.#pending, id)
    if (asked === undefined) return
    this.#withheld ??= new Set()
    this.#withheld.add(asked)
  }

  /** Whether the server still has to answer this request. */
  owes(id: string): boolean {
    return this.unanswered().some(asked => asked.id === id && this.#withheld?.has(asked) !== true)
  }

  /** An answer, or what ends a subscription, is out. True when nothing more is asked. */
  answer(message: Message): boolean {
    const id = message.shape === 'response' ? message.id : this.#cancelled(message)
    const asked = pendingUnder(this.#pending, id)
    if (asked === undefined) return false
    this.#answered ??= new Set()
    this.#answered.add(asked)
    return this.unanswered().length === 0
  }

  /** Why a message is not for this client, or undefined. */
  unexpected(message: Message): string | undefined {
    if (message.shape === 'response') return this.#unexpectedAnswer(message)
    if (message.shape === 'request') return isName(message.id) ? undefined : 'a request whose id is no name'
    if (message.method === 'notifications/progress') return this.#unexpectedProgress(message)
    return unexpectedSubscription(message, this.#pending) ?? this.#unexpectedCancellation(message)
  }

  #unexpectedAnswer(message: Message): string | undefined {
    const { id } = message
    // An error that names no request carries nothing that could name another one.
    if (id === undefined) return undefined
    const asked = pendingUnder(this.#pending, id)
    if (asked === undefined) return 'an answer to a request that this client did not make here'
    if (this.#answered?.has(asked) === true) return 'a second answer to one request'
    return unexpectedSubscription(message, this.#pending)
  }

  #unexpectedProgress({ bytes }: Message): string | undefined {
    const token = tokenAt(bytes, ['params', 'progressToken'])
    return token !== undefined && this.#reports(idKey(token))
      ? undefined
      : 'progress under a token that this client did not give'
  }

  #reports(token: string): boolean {
    this.#tokens ??= new Set(this.#pending.map(progressTokenOf).filter(one => one !== undefined))
    if (this.#tokens.has(token)) return true
    const { server, caller, admitted } = this.#call
    if (caller.era !== 'legacy') return false
    if (server.tasks.reports(caller.principal, token)) return true
    // The stream of a session may say how any call of that session fares.
    const { session, context } = admitted
    return session !== undefined && context.services.calls.some(call => call.reports(session.sealed, token))
  }

  /** In 2026-07-28 a subscription is the only request that a server may cancel. */
  #unexpectedCancellation(message: Message): string | undefined {
    const cancels = message.method === 'notifications/cancelled' && this.#call.caller.era === 'modern'
    return cancels && this.#cancelled(message) === undefined
      ? 'a cancellation of a request that this client did not make here'
      : undefined
  }

  #cancelled({ method, bytes }: Message): string | undefined {
    if (method !== 'notifications/cancelled' || this.#call.caller.era === 'legacy') return undefined
    const id = tokenAt(bytes, ['params', 'requestId'])
    return pendingUnder(this.#pending, id) === undefined ? undefined : id
  }
}

/**
 * Why what names a subscription is not for this client, or undefined: it has to name the request that asked for it, and detectors take it for an
 * id and no text.
 */
export function unexpectedSubscription(message: Message, asked: readonly PendingRequest[]): string | undefined {
  const name = message.shape === 'response' ? 'result' : 'params'
  if ((message[name] as Meta | undefined)?._meta?.[subscription] === undefined) return undefined
  const token = tokenAt(message.bytes, [name, '_meta', subscription])
  return pendingUnder(asked, token)?.method === 'subscriptions/listen'
    ? undefined
    : 'an event of a subscription that is not this one'
}

/**
 * An error body under the id that was asked: SDKs have put names and zeros there, and what else a server writes in its place is not judged.
 * Undefined when the id is right or absent.
 */
export function withAskedId(message: Message, asked: readonly PendingRequest[]): Buffer | undefined {
  if (message.id === undefined || pendingUnder(asked, message.id) !== undefined) return undefined
  const span = member(message.bytes, ['id'])
  const own = asked.find(({ shape }) => shape === 'request')?.id ?? 'null'
  return span && splice(message.bytes, [replaceSpan(span, own)])
}
