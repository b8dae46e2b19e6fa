import type { Scene } from './scene.ts'

/** Whether anybody could come in to a server: an APIKey that allows it, is not revoked, and has not ended if the time is known. */
export function hasWayIn(server: string, { callers, snapshot }: Scene): boolean {
  return callers.some(
    ({ revoked, reads, servers, expiresAt }) =>
      !revoked && reads && servers(server) && (snapshot.now === undefined || snapshot.now < expiresAt),
  )
}

/** For the column: how callers show who they are. */
export const authOf = (server: string, scene: Scene): string => (hasWayIn(server, scene) ? 'APIKey' : 'None')
