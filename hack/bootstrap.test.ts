import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'bootstrap-'))
afterAll(() => rmSync(folder, { recursive: true }))
const script = join(import.meta.dirname, 'bootstrap.mjs')

type Packages = Record<string, { version?: string; integrity?: string; optional?: boolean }>
const locked: Packages = {
  '': { version: '1.0.0' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', optional: true },
}

function stale(name: string, installed: Packages | undefined): boolean {
  const clone = join(folder, name)
  mkdirSync(join(clone, 'node_modules'), { recursive: true })
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages: locked }))
  if (installed)
    writeFileSync(join(clone, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }))
  const program = `import { stale } from ${JSON.stringify(script)}; process.stdout.write(String(stale(${JSON.stringify(clone)})))`
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }) === 'true'
}

const a = locked['node_modules/a']!
test.each([
  ['nothing is installed', undefined, true],
  ['all is as the lock file says', { 'node_modules/a': a, 'node_modules/b': locked['node_modules/b']! }, false],
  ['an optional package is missing', { 'node_modules/a': a }, false],
  ['a package is missing', {}, true],
  ['a package has another version', { 'node_modules/a': { ...a, version: '1.0.1' } }, true],
  ['a package has another content', { 'node_modules/a': { ...a, integrity: 'sha512-x' } }, true],
])('when %s, packages are installed: %#', (name, installed, expected) => expect(stale(name, installed)).toBe(expected))

/** A clone of its own, all installed: the tests must never reinstall the packages that they run on. */
const clone = join(folder, 'clone')
const cloned = join(clone, 'hack', 'bootstrap.mjs')
mkdirSync(join(clone, 'node_modules'), { recursive: true })
cpSync(script, cloned)
for (const file of ['package-lock.json', join('node_modules', '.package-lock.json')])
  writeFileSync(join(clone, file), JSON.stringify({ packages: locked }))

test('arguments and exit code go through to a script that runs on Node 24', () => {
  const child = join(folder, 'child.ts')
  writeFileSync(
    child,
    'const args: string[] = process.argv.slice(2)\nconsole.log(process.version, ...args)\nprocess.exit(7)\n',
  )
  const { status, stdout } = spawnSync(process.execPath, [cloned, child, '--once', 'a b'], { encoding: 'utf8' })
  expect(status).toBe(7)
  expect(stdout).toMatch(/^v2[4-9]\.\S+ --once a b\n$/)
})

test.each([
  [[], 'usage: node hack/bootstrap.mjs SCRIPT [ARGUMENTS...]\n'],
  [['no-such-script'], 'no-such-script: no such file or command\n'],
])('%j is refused with a sentence', (args, says) => {
  const { status, stderr } = spawnSync(process.execPath, [cloned, ...args], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 1, stderr: says })
})
