import type { Check } from './compare.ts'
import { rawBodies } from './raw-bodies.ts'
import { legacyPost, modernPost } from './raw-calls.ts'
import type { Answer } from './raw-http.ts'
import { legacyStatuses, modernStatuses, openSession } from './raw-statuses.ts'

/**
 * Exact statuses and bytes that the official suite does not look at (a 202 that became a 200 passes most of it), asked on connections of
 * their own. The outcome of such a check is what came back, so that direct and through the gateway are compared and not judged by an opinion.
 */
export const rawScenario = 'bartizan-raw'

/** The JSON-RPC code of a body, if it is one whose use the specifications fix; all others are free. */
function codeOf(body: string): string {
  const code = Number(/"code":\s*(-\d+)/.exec(body)?.[1])
  const fixed = (code >= -32_700 && code <= -32_600) || (code >= -32_022 && code <= -32_020)
  return fixed ? `code ${code}` : ''
}

const seen = ({ status, type, body }: Answer): string =>
  [status, type || 'no type', body.length === 0 ? 'empty' : 'body', codeOf(body)].filter(Boolean).join(', ')

/** Asks everything of one endpoint, with the spelling of one revision. */
export async function rawChecks(url: string, revision: string): Promise<Check[]> {
  const checks: Check[] = []
  const note = (id: string, answer: Answer): void => {
    checks.push({ id: `${rawScenario}-${id}`, status: seen(answer) })
  }
  const bodies = async (post: ReturnType<typeof legacyPost>): Promise<void> => {
    for (const { name, status } of await rawBodies(url, post))
      checks.push({ id: `${rawScenario}-bytes ${name}`, status })
  }
  if (revision === '2026-07-28') {
    await modernStatuses(url, revision, note)
    await bodies(modernPost(revision))
    return checks
  }
  const session = await openSession(url, revision, note)
  await bodies(legacyPost(session))
  await legacyStatuses(url, session, note)
  return checks
}
