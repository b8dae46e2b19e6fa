import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** Runs the bootstrap of a clone without packages, with a program in place of npm; resolves to what npm was told. */
function installing(name: string, npm: string): { status: number | null; stderr: string; asked: string[] } {
  const fresh = join(folder, name)
  cpSync(script, join(fresh, 'hack', 'bootstrap.mjs'))
  mkdirSync(join(fresh, 'node_modules'))
  writeFileSync(join(fresh, 'package-lock.json'), JSON.stringify({ packages: locked }))
  writeFileSync(join(fresh, 'child.mjs'), '')
  writeFileSync(
    join(fresh, 'npm.js'),
    `const fs = require('node:fs'); const ask = process.argv[2]; fs.appendFileSync('asked', ask + '\\n')
     const install = () => fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json'); ${npm}`,
  )
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(fresh, 'hack', 'bootstrap.mjs'), join(fresh, 'child.mjs')],
    {
      encoding: 'utf8',
      env: { ...process.env, npm_execpath: join(fresh, 'npm.js') },
    },
  )
  return { status, stderr, asked: readFileSync(join(fresh, 'asked'), 'utf8').trim().split('\n') }
}

test.each([
  ['npm ci works', 'install()', { status: 0, asked: ['ci'], says: '' }],
  [
    'the registry lacks an optional package',
    `if (ask === 'ci') process.exit(1); install()`,
    { status: 0, asked: ['ci', 'install'], says: '' },
  ],
  [
    'neither works',
    'process.exit(1)',
    { status: 1, asked: ['ci', 'install'], says: 'npm install failed: see above\n' },
  ],
  [
    'npm installs something else',
    `if (ask === 'ci') process.exit(1)`,
    { status: 1, asked: ['ci', 'install'], says: 'npm did not install what package-lock.json says\n' },
  ],
])('a fresh clone is set up, or says why not, when %s', (name, npm, { status, asked, says }) => {
  expect(installing(name, npm)).toEqual({ status, asked, stderr: `installing packages ...\n${says}` })
})
