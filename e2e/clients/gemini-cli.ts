import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RealClient } from './client.ts'
import { isolated } from './isolated.ts'
import { installed } from './package-cache.ts'

const version = '0.61.0'

/** Gemini CLI: `gemini mcp list` connects and pings; it does not ask for the tools. */
export const geminiCli: RealClient = {
  name: 'Gemini CLI, mcp list',
  version,
  connect: ({ url, key }) =>
    isolated(async ({ home, node }) => {
      const folder = await installed('@google/gemini-cli', version)
      const settings = { mcpServers: { guarded: { httpUrl: url, headers: { 'X-API-Key': key } } } }
      await mkdir(join(home, '.gemini'))
      await writeFile(join(home, '.gemini/settings.json'), JSON.stringify(settings))
      const printed = await node(join(folder, 'bundle/gemini.js'), 'mcp', 'list')
      if (!/guarded: .*- Connected/.test(printed)) throw new Error(printed.trim())
      return {}
    }),
}
