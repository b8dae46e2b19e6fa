/** What an API server answered, or `status` 0 when there was no answer: `Unreachable`, `Timeout`, `NotLeader`, `Closed`. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  readonly reason: string
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number
  readonly details?: unknown

  constructor(status: number, reason: string, message: string, more: ErrorMore = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.status = status
    this.reason = reason
    if (more.retryAfter !== undefined) this.retryAfter = more.retryAfter
    if (more.details !== undefined) this.details = more.details
  }
}

type ErrorMore = { readonly retryAfter?: number | undefined; readonly details?: unknown; readonly cause?: unknown }

/** From a `Status` object (body of an error, or object of an ERROR event), or from whatever a proxy on the way said. */
export function errorFrom(status: number, body: unknown, retryAfter?: string): ApiError {
  const said = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const code = typeof said['code'] === 'number' ? said['code'] : status
  const details = (said['details'] ?? {}) as { retryAfterSeconds?: unknown }
  const seconds = Number(retryAfter ?? details.retryAfterSeconds)
  const text = typeof said['message'] === 'string' ? said['message'] : `the API server answered ${code}`
  return new ApiError(code, typeof said['reason'] === 'string' ? said['reason'] : `Http${code}`, text, {
    retryAfter: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
    details: said['details'],
  })
}

/** A failure on the way, as an ApiError; errors that are one already pass. */
export function unreachable(error: unknown, what: string): ApiError {
  if (error instanceof ApiError) return error
  const text = error instanceof Error ? error.message : String(error)
  return new ApiError(0, 'Unreachable', `${what}: ${text}`, { cause: error })
}

export const isStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  error instanceof ApiError && statuses.includes(error.status)
