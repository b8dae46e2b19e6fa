import type { Denial, Era, Message } from '../exchange.ts'
import type { ErrorCode } from '../errors.ts'

export const modernRevision = '2026-07-28'

/** Revisions that open a session, as the official SDK serves them. */
export const legacyRevisions: ReadonlySet<string> = new Set([
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '2024-10-07',
])

const metaPrefix = 'io.modelcontextprotocol/'
const versionKey = `${metaPrefix}protocolVersion`

type Members = Readonly<Record<string, unknown>>

const objectOrNone = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined

const metaOf = (message: Message): Members | undefined => objectOrNone(objectOrNone(message.params)?._meta)

/** Optional white space around a header value (RFC 9110 section 5.5). */
export function trimmed(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Revisions are dates, so the order of the text is the order in time. The SDK decides so, hence a word counts as a late date. */
const isModern = (revision: string): boolean => revision >= modernRevision

/** The revision that the body claims for itself, whatever it is worth. */
export function claimedRevision(message: Message): string | undefined {
  const claim = metaOf(message)?.[versionKey]
  return typeof claim === 'string' ? claim : undefined
}

/**
 * Tells the era of a message: the body decides, the header is only compared (protocol.md section 2, the ladder of the SDK's
 * `classifyInboundRequest`).
 * @param versionHeader the value of `MCP-Protocol-Version`
 */
export function eraOf(message: Message, versionHeader: string | undefined): { readonly era: Era } | Denial {
  if (message.shape === 'response') return legacy
  const header = versionHeader === undefined ? undefined : trimmed(versionHeader)
  const meta = metaOf(message)
  const headerIsModern = header !== undefined && isModern(header)
  if (message.method === 'initialize' && message.shape === 'request' && !claimsModern(meta)) {
    return headerIsModern ? deny(message, 'HeaderMismatch', 'initialize under a modern version header') : legacy
  }
  if (meta !== undefined && versionKey in meta) return claimed(message, meta, header)
  if (!headerIsModern) return legacy
  if (message.shape === 'notification') return modern
  return deny(message, 'InvalidParams', 'the version header is modern, params._meta claims no version')
}

const legacy = { era: 'legacy' } as const
const modern = { era: 'modern' } as const

function claimsModern(meta: Members | undefined): boolean {
  const claim = meta?.[versionKey]
  return meta !== undefined && typeof claim === 'string' && isModern(claim) && badEnvelope(meta) === undefined
}

function claimed(message: Message, meta: Members, header: string | undefined): { readonly era: Era } | Denial {
  const claim = meta[versionKey]
  if (typeof claim !== 'string') return deny(message, 'InvalidParams', `${versionKey} is not a string`)
  const fault = message.shape === 'request' ? badEnvelope(meta) : undefined
  if (fault !== undefined) return deny(message, 'InvalidParams', fault)
  if (header !== undefined && header !== claim) {
    return deny(message, 'HeaderMismatch', 'MCP-Protocol-Version differs from params._meta')
  }
  return modern
}

const levels = new Set(['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'])

/** What every modern request carries in `params._meta`, and what its optional members must be (section 3.3). */
function badEnvelope(meta: Members): string | undefined {
  if (objectOrNone(meta[`${metaPrefix}clientCapabilities`]) === undefined) {
    return `${metaPrefix}clientCapabilities is missing or no object`
  }
  const info = meta[`${metaPrefix}clientInfo`]
  if (info !== undefined && !isImplementation(objectOrNone(info))) return `${metaPrefix}clientInfo is malformed`
  const level = meta[`${metaPrefix}logLevel`]
  if (level !== undefined && !levels.has(level as string)) return `${metaPrefix}logLevel is none`
  const token = meta.progressToken
  const tokenIsGood = token === undefined || typeof token === 'string' || Number.isInteger(token)
  return tokenIsGood ? undefined : 'progressToken is neither a string nor an integer'
}

const isImplementation = (info: Members | undefined): boolean =>
  typeof info?.name === 'string' && typeof info.version === 'string'

function deny(message: Message, code: ErrorCode, detail: string): Denial {
  return message.id === undefined ? { stage: 'era', code, detail } : { stage: 'era', code, detail, id: message.id }
}
