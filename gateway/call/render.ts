import { textFor, type AcceptedCredentials } from '../auth/accepted.ts'
import { errors, type ErrorCode } from '../errors.ts'
import type { Denial, Era } from '../exchange.ts'

/** A refusal as HTTP. */
export type Rendered = { readonly status: number; readonly headers: Record<string, string>; readonly body: string }

/** What the words of a refusal depend on beside the denial. */
export type RenderContext = {
  /** The id under which the audit log explains it. */
  readonly decision: string
  readonly accepted: AcceptedCredentials
  readonly era?: Era | undefined
}

/** The error member of a refusal: the public text, the reason as a word for programs, the id under which the audit log explains it. */
const errorOf = (denial: Denial, { decision, accepted }: RenderContext): string => {
  const reason = errors[denial.code].publicCode ?? denial.code
  const { rpc, text } = errors[reason]
  return JSON.stringify({
    code: rpc,
    message: denial.text ?? textFor(text, accepted),
    data: { ...denial.data, reason, decision },
  })
}

/** A refusal as a JSON-RPC error. The id is echoed exactly as it was spelled, and omitted when it could not be read. */
export const renderError = (denial: Denial, context: RenderContext): string =>
  denial.id === undefined
    ? `{"jsonrpc":"2.0","error":${errorOf(denial, context)}}`
    : `{"jsonrpc":"2.0","id":${denial.id},"error":${errorOf(denial, context)}}`

/** Seconds after which a new attempt may succeed, where the denial does not say. */
const retryAfter: Partial<Record<ErrorCode, number>> = { Busy: 1, ShuttingDown: 2, AuditUnavailable: 5 }

/** A day: what a limit says beyond that is no plan for a client. Seconds. */
const longestRetry = 86_400

/** What a header cannot hold (RFC 9110 section 5.5): an authenticator may repeat what others wrote, and Node throws on it. */
const unprintable = /[^ -~]/g

/** Errors that in the legacy era are answers like any other. */
const answers: ReadonlySet<ErrorCode> = new Set(['MethodNotFound', 'TaskNotFound'])

/** In the legacy era an unknown method or task is an answer like any other, with status 200; a notification has no answer, so there it is a 400. */
function statusOf({ code, id }: Denial, era: Era | undefined): number {
  if (!answers.has(code) || era !== 'legacy') return errors[code].http
  return id === undefined ? 400 : 200
}

export function render(denial: Denial, context: RenderContext): Rendered {
  const status = statusOf(denial, context.era)
  const body = renderError(denial, context)
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
  }
  // A 401 has to name a scheme (RFC 9110 section 11.6.1); other refusals may (RFC 6750 section 3.1: a scope that is missing).
  const challenge = denial.challenge ?? (status === 401 ? context.accepted.challenge : undefined)
  if (challenge !== undefined) headers['WWW-Authenticate'] = challenge.replaceAll(unprintable, ' ')
  if (status === 405) headers.Allow = 'GET, POST, DELETE, OPTIONS'
  const retry = denial.retryAfter ?? retryAfter[denial.code]
  if (retry !== undefined) headers['Retry-After'] = String(Math.ceil(Math.min(Math.max(retry, 0), longestRetry)))
  return { status, headers, body }
}
