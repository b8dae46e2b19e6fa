import type { APIKeySpec } from '../../crds/apikey.ts'
import { keyFields, type Key, type KeysFile } from '../../gateway/config/keys.ts'
import type { Judged } from './accept.ts'
import { sortedBy } from './document.ts'

const expiry = keyFields.expiresAt.unwrap()

/**
 * A key that does not compile keeps its last good spec, but a revocation or an earlier end that can be read counts at once: nobody's typing
 * error keeps a key alive.
 */
function tightened(last: APIKeySpec, written: unknown): APIKeySpec {
  const { revoked, expiresAt } = (typeof written === 'object' && written !== null ? written : {}) as Partial<APIKeySpec>
  const end = expiry.safeParse(expiresAt)
  const earlier =
    end.success && (last.expiresAt === undefined || Date.parse(end.data) < Date.parse(last.expiresAt))
      ? end.data
      : undefined
  return { ...last, ...(revoked === true && { revoked }), ...(earlier !== undefined && { expiresAt: earlier }) }
}

function keyOf({ document, spec, accepted }: Judged<'APIKey'>): Key[] {
  if (!spec) return []
  return [{ name: document.name, ...(accepted.status === 'True' ? spec : tightened(spec, document.spec)) }]
}

/** Who may come in: every APIKey of the namespace that has a spec in force. */
export const keysFile = (keys: readonly Judged<'APIKey'>[]): KeysFile => ({
  schema: 1,
  keys: sortedBy(keys.flatMap(keyOf), key => key.name),
})
