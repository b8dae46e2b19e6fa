import type { APIKeySpec } from '../../../crds/api-key.ts'
import { keyFields, keysSchemaNumber, type Key, type KeysFile } from '../../../gateway/config/keys.ts'
import { sortedBy } from '../model/document.ts'
import type { EffectiveKey } from '../accept/effective.ts'

const expiry = keyFields.expiresAt.unwrap()

/**
 * A key that does not compile keeps its last good spec, but a revocation or an earlier end that can be read counts at once: no typing
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

/** Without a cluster the changes of an object are not counted. */
const identityOf = ({ uid, generation }: EffectiveKey['object']['document']): Pick<Key, 'uid' | 'generation'> =>
  uid === undefined || generation === undefined ? {} : { uid, generation }

/** A key without a digest lets no caller in: the one that is generated does not exist yet. */
function keyOf({ object, digests }: EffectiveKey, standalone: boolean): Key[] {
  const { document, spec, accepted } = object
  if (!spec || digests.length === 0) return []
  const { generate: _, ...fields } = accepted.status === 'True' ? spec : tightened(spec, document.spec)
  return [{ name: document.name, ...(!standalone && identityOf(document)), ...fields, digests: [...digests] }]
}

/** More than a gateway takes: all servers of the namespace are refused, and none of the keys is chosen over another. */
export const maxKeys = 20_000

/** Who may come in: every APIKey of the namespace that has a spec in force. */
export function keysFile(keys: readonly EffectiveKey[], standalone: boolean): KeysFile {
  const all = keys.flatMap(key => keyOf(key, standalone))
  return { schema: keysSchemaNumber, keys: all.length > maxKeys ? [] : sortedBy(all, key => key.name) }
}
