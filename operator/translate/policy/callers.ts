import type { CompiledKey } from '../../../gateway/config/access.ts'
import type { ServerContext } from '../context.ts'

/** Whether anybody could come in to a server: an APIKey that allows it, is not revoked, and has not ended if the time is known. */
export const hasCallersBy =
  (callers: readonly CompiledKey[], now: number | undefined) =>
  (server: string): boolean =>
    callers.some(
      ({ revoked, reads, servers, expiresAt }) =>
        !revoked && reads && servers(server) && (now === undefined || now < expiresAt),
    )

/** For the column: how callers show who they are. */
export const authOf = (server: string, { hasCallers }: ServerContext): string =>
  hasCallers(server) ? 'APIKey' : 'None'
