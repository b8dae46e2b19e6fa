import { randomBytes } from 'node:crypto'
import { startGateway } from '../gateway/start.ts'
import type { Log } from '../gateway/options.ts'
import type { Server } from '../gateway/config/servers.ts'
import { makeApiKey } from './api-key.ts'
import { UsageError } from './usage-error.ts'
import type { Configured } from './configure.ts'
import { listTools, type ToolList } from './list-tools.ts'

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const nothing = { write: () => undefined, stalled: () => false, close: () => Promise.resolve() }

/**
 * All tools of a server, the hidden ones too: a gateway of its own asks it for a moment, without policies, with a key that no one else has, on a
 * port of this machine. It dials only what the real one would dial.
 * @throws UsageError when the server does not answer
 */
export async function listUnfilteredTools({ config, values }: Configured, server: Server): Promise<ToolList> {
  const { key, digest } = makeApiKey(randomBytes)
  const { healthCheck: _, stopped: __, ...bare } = server
  const open: Server = { ...bare, tools: { dangerousPatterns: [], approved: [] }, guardrails: { rules: [] } }
  const guard = randomBytes(32)
  const gateway = await startGateway({
    texts: {
      gateway: JSON.stringify({
        schema: config.schema,
        name: config.name,
        allowedNetworks: config.allowedNetworks,
        servers: [open],
      }),
      keys: JSON.stringify({ schema: 1, keys: [{ name: 'tools', digests: [digest], allowedServers: [server.name] }] }),
    },
    readSecret(file) {
      const value = values.get(file)
      if (!value) throw new UsageError(`there is no secret ${file.split('#')[0]}`)
      return value
    },
    guard: () => [guard],
    instance: 'tools',
    client: [{ host: '127.0.0.1', port: 0 }],
    audit: nothing,
    log: silent,
  })
  try {
    return await listTools(`${gateway.urls[0]}/mcp/${server.name}`, key)
  } finally {
    await gateway.stop()
  }
}
