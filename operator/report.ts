import { randomBytes } from 'node:crypto'
import { readReport } from '../gateway/config/report.ts'
import type { ObservedReport } from './translate/index.ts'
import { dial, readText } from './gateway-dial.ts'
import type { GuardKeys } from './guards.ts'

export type Reporter = { readonly ip: string; readonly port: number; readonly uid: string; readonly keys: GuardKeys }

const patience = 3000
const maxLength = 1024 * 1024

/**
 * Asks the gateway of a pod what it runs. Never throws: that nobody answers, or somebody else, is an answer as well.
 * `unauthorized` tells that the gateway has another guard secret.
 */
export async function askReport(
  { ip, port, uid, keys }: Reporter,
  signal: AbortSignal,
): Promise<ObservedReport & { readonly unauthorized?: true }> {
  const client = dial({ ip, port, host: ip, certificates: [] })
  const nonce = randomBytes(16).toString('base64url')
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path: '/-/status',
      headers: { authorization: `Bearer ${keys.operator}`, 'x-bartizan-nonce': nonce },
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    })
    const text = await readText(body, maxLength)
    if (statusCode === 401) return { error: 'the gateway does not know its operator', unauthorized: true }
    if (statusCode !== 200) return { error: `the gateway answered ${statusCode}` }
    return judged(readReport(text, keys.status, nonce), uid)
  } catch (error) {
    return { error: said(error) }
  } finally {
    client.destroy().catch(() => {})
  }
}

const said = (error: unknown): string =>
  error instanceof Error && error.name === 'TimeoutError'
    ? `no answer within ${patience / 1000} s`
    : `no answer: ${(error as Error).message}`

function judged(read: ReturnType<typeof readReport>, uid: string): ObservedReport {
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
