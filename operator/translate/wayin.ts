import { compileKey } from '../../gateway/config/access.ts'
import type { Scene } from './scene.ts'

/** Whether anybody could come in to a server: an APIKey that allows it, is not revoked, and has not ended if the time is known. */
export function hasWayIn(server: string, { keysFile, snapshot }: Scene): boolean {
  return keysFile.keys.some(key => {
    const { revoked, reads, servers, expiresAt } = compileKey(key)
    return !revoked && reads && servers(server) && (snapshot.now === undefined || snapshot.now < expiresAt)
  })
}

/** For the column: how callers show who they are. */
export const authOf = (server: string, scene: Scene): string => (hasWayIn(server, scene) ? 'APIKey' : 'None')
