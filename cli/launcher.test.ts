import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const launcher = join(import.meta.dirname, 'bartizan.js')
const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts the launcher in a Node that claims to be an older one. */
const asOld = (script: string, args: readonly string[]): string[] => [
  '--input-type=module',
  '-e',
  `Object.defineProperty(process.versions, 'node', { value: '20.0.0' }); await import(${JSON.stringify(script)})`,
  '--',
  ...args,
]

describe('the launcher', () => {
  test.each([
    ['runs by itself', (args: string[]) => [launcher, ...args]],
    ['hands over to the Node 24 of the package', (args: string[]) => asOld(launcher, ['x', ...args])],
  ])('%s, with arguments and exit code', (_, command) => {
    const { status, stderr } = spawnSync(process.execPath, command(['lint', '/not/there']), { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'bartizan: /not/there: no such file or folder\n' })
  })

  test('passes a signal on, so that calls in flight may finish', async () => {
    const manifest = join(folder, 'server.yaml')
    writeFileSync(
      manifest,
      'apiVersion: mcp.gateway.io/v1\nkind: MCPServer\nmetadata: {name: a}\nspec: {url: "http://10.0.0.1/mcp"}\n',
    )
    const args = ['run', '-f', manifest, '--state', join(folder, 'state'), '--listen', '127.0.0.1:0']
    const child = spawn(process.execPath, asOld(launcher, ['x', ...args]), { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    for await (const chunk of child.stdout) if (String(chunk).includes('Ctrl-C ends')) break
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(said).toContain('Ending: calls in flight may finish.')
  })

  test('says what to do when there is no Node 24', () => {
    const lonely = join(folder, 'cli', 'bartizan.js')
    mkdirSync(join(folder, 'cli'))
    cpSync(launcher, lonely)
    const { status, stderr } = spawnSync(process.execPath, asOld(lonely, ['x', 'lint']), { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^bartizan: needs Node 24 and this is v\d+\.\d+\.\d+: run "npm ci" first, or install Node 24\n$/,
    )
  })
})
