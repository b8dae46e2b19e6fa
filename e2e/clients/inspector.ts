import { join } from 'node:path'
import type { RealClient } from './client.ts'
import { isolated } from './isolated.ts'
import { installed } from './package-cache.ts'

const version = '2.12.0'

/** The command line of the MCP Inspector. */
export const inspector = (era: 'legacy' | 'modern'): RealClient => ({
  name: `Inspector CLI, ${era}`,
  version,
  connect: ({ url, key }) =>
    isolated(async ({ node }) => {
      const folder = await installed('@modelcontextprotocol/inspector', version)
      const endpoint = ['--cli', url, '--transport', 'http', '--protocol-era', era, '--header', `X-API-Key: ${key}`]
      const method = ['--method', 'tools/list', '-q', '--format', 'json']
      const printed = await node(join(folder, 'clients/launcher/build/index.js'), ...endpoint, ...method)
      const line = printed.split('\n').find(text => text.startsWith('{'))
      if (line === undefined) throw new Error(`no JSON was printed: ${printed.slice(0, 500)}`)
      const { result } = JSON.parse(line) as { result: { tools: { name: string }[] } }
      return { tools: result.tools.map(tool => tool.name) }
    }),
})
