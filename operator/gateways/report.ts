import { randomBytes } from 'node:crypto'
import { readReport } from '../../gateway/config/report.ts'
import type { ObservedReport } from '../translate/index.ts'
import { dial } from './dial.ts'
import type { GuardKeys, GuardProofs } from '../secrets/guard-secrets.ts'
import { request as askFor, ByteBudget } from '../../mcp-client/request.ts'
import { ByteBuffer } from '../../mcp-client/byte-buffer.ts'

export type ReportTarget = {
  readonly ip: string
  readonly port: number
  readonly uid: string
  readonly keys: GuardKeys
}

const patience = 3000
/** Far more than the report of one server with all its issues. Bytes. */
const maxLength = 256 * 1024

/** What came of a question, and the token that it was asked with. `unauthorized` tells that the gateway has another guard secret. */
export type ReportAnswer = { readonly report: ObservedReport; readonly token: string; readonly unauthorized?: true }

/**
 * Asks the gateway of a pod what it runs. Never throws: no answer, or the answer of another program, is a result. While its guard secret is
 * rotated, one that does not know the new one yet is asked by the one before.
 */
export async function askReport(reporter: ReportTarget, signal: AbortSignal): Promise<ReportAnswer> {
  const { keys } = reporter
  const answer = await ask(reporter, keys, signal)
  return answer.unauthorized && keys.previous ? ask(reporter, keys.previous, signal) : answer
}

async function ask(
  { ip, port, uid }: ReportTarget,
  { operator: token, status }: GuardProofs,
  signal: AbortSignal,
): Promise<ReportAnswer> {
  const client = dial({ ip, port, host: ip, certificates: [] })
  const nonce = randomBytes(16).toString('base64url')
  try {
    const bytes = new ByteBuffer()
    const budget = new ByteBudget(maxLength)
    const handler = {
      data(chunk: Buffer) {
        budget.spend(chunk.length)
        bytes.push(chunk)
        return false
      },
    }
    const headers = { authorization: `Bearer ${token}`, 'x-bartizan-nonce': nonce }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)])
    const { status: code } = await askFor(client, { method: 'GET', path: '/-/status', headers }, handler, limit)
    if (code === 401) return { token, report: { error: 'the gateway does not know its operator' }, unauthorized: true }
    if (code !== 200) return { token, report: { error: `the gateway answered ${code}` } }
    return { token, report: checked(readReport(bytes.take().toString(), status, nonce), uid) }
  } catch (error) {
    return { token, report: { error: said(error) } }
  } finally {
    client.destroy().catch(() => {})
  }
}

const said = (error: unknown): string =>
  error instanceof Error && error.name === 'TimeoutError'
    ? `no answer within ${patience / 1000} s`
    : `no answer: ${(error as Error).message}`

function checked(read: ReturnType<typeof readReport>, uid: string): ObservedReport {
  if ('error' in read) return read
  const { instance, hash, schema, applied } = read.report
  // The server in the same pod may pass on what the gateway of another pod said.
  if (instance !== uid) return { error: 'the gateway of another pod answers' }
  return {
    hash,
    schema,
    ok: applied.ok,
    issues: applied.issues
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`).slice(0, 512))
      .slice(0, 20),
  }
}
