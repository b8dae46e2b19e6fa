import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { RealClient } from './client.ts'
import { isolated } from './isolated.ts'
import { installed } from './package-cache.ts'

const version = '0.15.1'

/** The bridge that clients without HTTP use: they speak stdio to it, it speaks HTTP to the gateway. */
export const mcpRemote: RealClient = {
  name: 'mcp-remote',
  version,
  connect: ({ url, key }) =>
    isolated(async ({ env }) => {
      const folder = await installed('mcp-remote', version)
      const args = [url, '--allow-http', '--transport', 'http-only', '--header', `X-API-Key:${key}`]
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [join(folder, 'dist/proxy.js'), ...args],
        env: env as Record<string, string>,
        stderr: 'ignore',
      })
      const client = new Client({ name: 'bartizan-e2e', version: '1.0.0' })
      await client.connect(transport)
      try {
        const { tools } = await client.listTools()
        return { tools: tools.map(tool => tool.name) }
      } finally {
        await client.close()
      }
    }),
}
