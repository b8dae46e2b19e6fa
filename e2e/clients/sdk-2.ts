import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { RealClient } from './client.ts'

/** The TypeScript SDK 2.x: legacy unless told otherwise, `auto` probes for 2026-07-28 first. */
export const sdk2 = (mode: 'legacy' | 'auto'): RealClient => ({
  name: `SDK 2.x, ${mode}`,
  version: '2.4.0',
  async connect({ url, key }) {
    const client = new Client({ name: 'bartizan-e2e', version: '1.0.0' }, { versionNegotiation: { mode } })
    const requestInit = { headers: { 'X-API-Key': key } }
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }))
    try {
      const { tools } = await client.listTools()
      await client.callTool({ name: 'test_simple_text', arguments: {} })
      return { tools: tools.map(tool => tool.name) }
    } finally {
      await client.close()
    }
  },
})
