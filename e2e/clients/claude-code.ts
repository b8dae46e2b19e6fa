import { join } from 'node:path'
import type { RealClient } from './client.ts'
import { isolated } from './isolated.ts'
import { installed } from './package-cache.ts'

const version = '2.1.330'

/** Claude Code: `claude mcp add`, then `claude mcp list`, which connects and lists the tools but prints only that it is connected. */
export const claudeCode: RealClient = {
  name: 'Claude Code, mcp list',
  version,
  connect: ({ url, key }) =>
    isolated(async ({ node }) => {
      const folder = await installed('@anthropic-ai/claude-code', version)
      // Starts the native program itself where npm ran no install script to put it in place.
      const claude = join(folder, 'cli-wrapper.cjs')
      const scope = ['mcp', 'add', '--transport', 'http', '-s', 'user']
      await node(claude, ...scope, 'guarded', url, '--header', `X-API-Key: ${key}`)
      const printed = await node(claude, 'mcp', 'list')
      if (!/^guarded: .*Connected/m.test(printed)) throw new Error(printed.trim())
      return {}
    }),
}
