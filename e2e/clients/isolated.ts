import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type Isolated = {
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** Runs a Node script and gives what it printed, both streams; fails after a minute or when it exits with an error. */
  readonly node: (script: string, ...args: readonly string[]) => Promise<string>
}

const run = promisify(execFile)

/** Lets a client run in a home of its own, so that neither this user's settings nor those of an earlier run are in play. */
export async function isolated<T>(work: (place: Isolated) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'bartizan-client-'))
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    // Nothing but the MCP server is to be talked to.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    NO_COLOR: '1',
  }
  async function node(script: string, ...args: readonly string[]): Promise<string> {
    const options = { cwd: home, env, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 }
    const { stdout, stderr } = await run(process.execPath, [script, ...args], options)
    return `${stdout}\n${stderr}`
  }
  try {
    return await work({ home, env, node })
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}
