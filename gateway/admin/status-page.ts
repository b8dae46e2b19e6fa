import type { IncomingMessage } from 'node:http'
import { guardOf } from '../auth/guard-tokens.ts'
import { operatorToken, statusKey, type Guards } from '../config/guard.ts'
import { schemaNumber } from '../config/index.ts'
import { nonceFormat, signReport, type Report } from '../config/report.ts'
import type { ReloadResult } from '../options.ts'
import { page, refused, type Page } from './plain-pages.ts'
import type { Services } from '../runtime/runtime.ts'

/** The report is about what is in force, so issues beyond these say nothing new. */
const maxIssues = 20
const maxText = 4096

function reportOf(services: Services, applied: ReloadResult, nonce: string): Report {
  const runtime = services.runtime()
  const servers = [...runtime.servers].map(([name, { health, stopped }]) => [
    name,
    { stopped, healthy: health?.healthy ?? null },
  ])
  const issues = applied.issues
    .slice(0, maxIssues)
    .map(issue => ({ ...issue, path: issue.path.slice(0, maxText), message: issue.message.slice(0, maxText) }))
  return {
    schema: schemaNumber,
    hash: runtime.hash,
    keysHash: runtime.keysHash,
    instance: services.instance,
    applied: { ok: applied.issues.length === 0, keys: applied.keys, issues },
    phase: services.phase(),
    openCalls: services.calls.size,
    servers: Object.fromEntries(servers) as Report['servers'],
    nonce,
  }
}

/**
 * `/-/status`: which configuration runs and what became of the newest files, for the operator alone. Signed with a key that only this gateway
 * and its operator have, so that no other process in the pod can forge it, and bound to the nonce of the request.
 */
export function statusPage(services: Services, guards: Guards, applied: ReloadResult, req: IncomingMessage): Page {
  const { authorization, 'x-bartizan-nonce': nonce } = req.headers
  const token = /^Bearer (\S{1,128})$/.exec(authorization ?? '')?.[1]
  const guard = token === undefined ? undefined : guardOf(guards, operatorToken)(token)
  if (!guard) return refused(401, 'unauthorized')
  if (typeof nonce !== 'string' || !nonceFormat.test(nonce)) return refused(400, 'X-Bartizan-Nonce is missing')
  return page(200, 'application/json', signReport(reportOf(services, applied, nonce), statusKey(guard)))
}
