import { compileKey } from '../../../gateway/config/access.ts'
import type { KeysFile } from '../../../gateway/config/keys.ts'

/** Whether a server has callers: an APIKey that allows it, is not revoked, and has not ended if the time is known. */
export function hasCallersBy({ keys }: KeysFile, now: number | undefined): (server: string) => boolean {
  const callers = keys.map(compileKey)
  return server =>
    callers.some(
      ({ revoked, reads, servers, expiresAt }) =>
        !revoked && reads && servers(server) && (now === undefined || now < expiresAt),
    )
}
