import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'

const text = z.string().max(8192)

/** Why a configuration, or a part of it, is not in force. */
const issue = z.object({
  path: text,
  message: text,
  /** `GatewayOutdated`: it comes only in schema numbers that this gateway does not know. */
  reason: z.enum(['GatewayOutdated']).optional(),
})

/** What a gateway says of itself. Not strict: a newer gateway may say more. */
export const report = z.object({
  /** The highest number of the contract that this gateway reads. */
  schema: z.int(),
  /** `configurationHash` of what was compiled and runs: policies and keys. */
  hash: z.string().max(128),
  /** `keysHash` of the keys that are in force, also when the policies beside them were refused. */
  keysHash: z.string().max(128),
  /** Pod uid, or the instance id of the state folder. */
  instance: z.string().max(256),
  /** What became of the newest files: `ok` when all of them run; `keys` when at least the keys do. */
  applied: z.object({ ok: z.boolean(), keys: z.boolean(), issues: z.array(issue).max(100) }),
  phase: z.enum(['serving', 'draining', 'drained', 'ending']),
  openCalls: z.int(),
  servers: z.record(z.string(), z.object({ stopped: z.boolean(), healthy: z.boolean().nullable() })),
  /** What the asker sent: a report that was kept cannot be shown again. */
  nonce: z.string().max(128),
})

export type Report = z.infer<typeof report>

/** The number that the asker sends in `X-Bartizan-Nonce`: it cannot have been seen before. */
export const nonceFormat = /^[\w-]{16,128}$/

/** No gateway has that many servers or issues; a reader need not hold more. Characters. */
const maxLength = 4 * 1024 * 1024

const signatureOf = (status: string, key: Buffer): string => createHmac('sha256', key).update(status).digest('hex')

/** The signed report as it is sent: `{"status":{…},"signature":"…"}`, the signature over the very bytes of the status member. */
export function signReport(status: Report, key: Buffer): string {
  const bytes = JSON.stringify(status)
  return `{"status":${bytes},"signature":"${signatureOf(bytes, key)}"}`
}

const frame = /^\{"status":(\{.*\}),"signature":"([0-9a-f]{64})"\}$/s

/**
 * Reads what `/-/status` answered. Nothing of it is looked at before the signature fits, and nothing is believed that answers another question:
 * every process in the pod's network may answer on that port.
 */
export function readReport(
  answer: string,
  key: Buffer,
  nonce: string,
): { readonly report: Report } | { readonly error: string } {
  const [, status, signature] = (answer.length > maxLength ? null : frame.exec(answer)) ?? []
  if (status === undefined || signature === undefined) return { error: 'not a signed report' }
  const expected = Buffer.from(signatureOf(status, key))
  if (!timingSafeEqual(expected, Buffer.from(signature))) return { error: 'the signature is not of this gateway' }
  const parsed = report.safeParse(JSON.parse(status))
  if (!parsed.success) return { error: `not understood: ${z.prettifyError(parsed.error)}` }
  return parsed.data.nonce === nonce ? { report: parsed.data } : { error: 'the report answers another question' }
}
