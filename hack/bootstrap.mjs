// node hack/bootstrap.mjs SCRIPT [ARGUMENTS...]
//
// Makes a fresh clone able to run SCRIPT (a file, or a command that a package installs): installs the packages when they are not those of the lock
// file, then hands over to Node 24. It is plain JavaScript without dependencies, so that Node 20 starts it before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/**
 * The packages of a lock file by their place; undefined when there is none.
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * Whether what npm noted down in node_modules is not what the lock file asks for. Contents are compared, not times: a checkout touches the one and
 * "npm install" both. Optional packages may be missing, since most of them are for other systems.
 */
export function stale(folder) {
  const wanted = packagesOf(join(folder, 'package-lock.json'))
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'))
  if (!wanted || !installed) return true
  return Object.entries(wanted).some(([place, { version, integrity, optional }]) => {
    const found = installed[place]
    if (place === '' || (!found && optional)) return false
    return found?.version !== version || found?.integrity !== integrity
  })
}

/** Runs npm in the clone; resolves to its exit code. What it says goes to stderr, stdout belongs to the script. */
function npm(args, stderr = 2) {
  const file = process.env.npm_execpath
  const options = { cwd: root, stdio: ['ignore', stderr, stderr], shell: process.platform === 'win32' && !file }
  const all = [...args, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, error } = file?.endsWith('.js')
    ? spawnSync(process.execPath, [file, ...all], options)
    : spawnSync('npm', all, options)
  if (error) fail(`npm does not start: ${error.message}`)
  return status
}

/**
 * "npm ci" refuses altogether when the registry lacks an optional package for some other system; "npm install" takes the versions of the same lock
 * file and does without. That it did is looked at afterwards.
 */
function install() {
  process.stderr.write('installing packages ...\n')
  if (npm(['ci'], 'ignore') === 0) return
  if (npm(['install', '--no-save']) !== 0) fail('npm install failed: see above')
  if (stale(root)) fail('npm did not install what package-lock.json says')
}

/** Node 24: the one that runs, or else that of the npm package `node`. */
function modernNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const found = ['node', 'node.exe'].map(name => join(root, 'node_modules', 'node', 'bin', name)).find(existsSync)
  return found ?? fail('Node 24 is missing: run "npm rebuild node --ignore-scripts=false", or install Node 24')
}

/** A file, or else what a package put into node_modules/.bin. */
function scriptOf(name) {
  const file = resolve(name)
  if (existsSync(file)) return file
  const command = join(root, 'node_modules', '.bin', name)
  return existsSync(command) ? realpathSync(command) : fail(`${name}: no such file or command`)
}

function handOver([name, ...args]) {
  if (stale(root)) install()
  const node = modernNode()
  const path = [resolve(node, '..'), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  const child = spawn(node, [scriptOf(name), ...args], { stdio: 'inherit', env: { ...process.env, PATH: path } })
  // A terminal sends Ctrl-C to the whole group; what is sent to this process alone must reach the child, too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => fail(`Node 24 does not start: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1)))
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const [, , ...given] = process.argv
  if (given.length === 0) fail('usage: node hack/bootstrap.mjs SCRIPT [ARGUMENTS...]')
  handOver(given)
}
