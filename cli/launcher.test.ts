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
})
