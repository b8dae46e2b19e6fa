import { McpClient, type McpTarget } from './client.ts'
import { ByteBudget } from './request.ts'
import { limits } from './tool-list.ts'

/**
 * Uses an MCP server within the bounds of {@link limits}. Afterwards the session, if there is one, and the connection are closed, whatever came of it.
 * @param signal ends everything that is under way
 * @throws McpRefusal, ResponseTooLong, the reason of the signal, or the error of the connection
 */
export async function withMcpServer<T>(
  target: McpTarget,
  signal: AbortSignal,
  use: (server: McpClient) => Promise<T>,
): Promise<T> {
  const server = new McpClient(target, new ByteBudget(limits.bytes), signal)
  try {
    return await use(server)
  } finally {
    await server.close()
    await target.client.destroy().catch(() => {})
  }
}
