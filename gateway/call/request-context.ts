import type { IncomingMessage, ServerResponse } from 'node:http'
import { ChargeLedger } from '../evaluation/charging.ts'
import type { Era, Message } from '../exchange.ts'
import { callerShare } from '../http/memory.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Services } from '../runtime/runtime.ts'
import type { FindingLines } from './finding-lines.ts'

/** Where metrics put requests that reached no server. */
export const noServer = ''

/** One request, and what is known of it so far: enough to refuse, audit and count it. Only the decision adds to it. */
export class RequestContext {
  readonly services: Services
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The id that stands in the answer and resolves in the audit log. */
  readonly decision: string
  /** Milliseconds since the epoch. */
  readonly started: number
  /** Where it is counted. */
  metrics: Metrics
  /** The accepted Origin, whose pages may read the answer. */
  origin: string | undefined
  server: string | undefined
  /** `key:ci` */
  principal: string | undefined
  era: Era | undefined
  message: Message | undefined
  /** Bytes of the request body that are reserved in `held`. */
  reserved = 0
  /** Nothing of the request is left to be read. A refusal before that is the last answer of its connection. */
  isRead = false
  /** How long it has waited for authenticators and stages, all waits together. Milliseconds. */
  waited = 0
  /** What its messages were charged. */
  readonly ledger = new ChargeLedger()
  /** What was found in its messages so far. */
  found: FindingLines | undefined

  constructor(services: Services, req: IncomingMessage, res: ServerResponse) {
    this.services = services
    this.req = req
    this.res = res
    this.decision = services.audit.next()
    this.started = services.now()
    this.metrics = services.metrics
    this.origin = undefined
    this.server = undefined
    this.principal = undefined
    this.era = undefined
    this.message = undefined
    this.found = undefined
  }

  /** For whom the bytes of the body are reserved, and turns are taken. */
  get owner(): string {
    return this.principal ?? ''
  }

  /** Releases what the request body had reserved; a second time it is nothing. */
  releaseBody(): void {
    this.services.held.give(callerShare(this.owner), this.reserved)
    this.reserved = 0
  }
}
