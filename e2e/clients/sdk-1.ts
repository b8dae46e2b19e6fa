import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { RealClient } from './client.ts'

/** The TypeScript SDK 1.x, which never speaks 2026-07-28. It sends the key as a bearer token, to use the other header. */
export const sdk1: RealClient = {
  name: 'SDK 1.x',
  version: '1.32.2',
  async connect({ url, key }) {
    const client = new Client({ name: 'bartizan-e2e', version: '1.0.0' })
    const requestInit = { headers: { Authorization: `Bearer ${key}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
    try {
      const { tools } = await client.listTools()
      await client.callTool({ name: 'test_simple_text', arguments: {} })
      return { tools: tools.map(tool => tool.name) }
    } finally {
      await client.close()
    }
  },
}
