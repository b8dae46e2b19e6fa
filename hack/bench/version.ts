import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { bundleGateway } from '../bundle.ts'
import { gatewayFlags } from '../flags.ts'
import { bartizan, type Gateway } from './bartizan.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, 'node_modules/.cache/bench/versions')
const run = promisify(execFile)

/** A version of the gateway that can be started as often as wanted. */
export type Version = { readonly name: string; launch(upstream: URL): Promise<Gateway> }

/** The tree as it stands, with what is not committed. */
export async function ownVersion(): Promise<Version> {
  const parts = ['gateway', 'hack', 'e2e/conformance', 'package-lock.json']
  const changed = git('status', '--porcelain', '--', ...parts) === '' ? '' : ' with changes'
  // A folder of its own: a test that bundles meanwhile would take it away from below the processes.
  const program = [...gatewayFlags(), await bundleGateway('bench-own')]
  return { name: `${git('rev-parse', '--short', 'HEAD')}${changed}`, launch: upstream => bartizan(program, upstream) }
}

/**
 * Another commit: bundled by its own script, started by its own benchmark with its own chain A and flags.
 *
 * @param versions where what was made of a commit is kept, by the id of the commit
 */
export async function otherVersion(commit: string, versions = cache): Promise<Version> {
  const id = idOf(commit)
  const kept = join(versions, id)
  if (!existsSync(kept)) await make(id, kept)
  const { flags } = z
    .object({ flags: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(join(kept, 'flags.json'), 'utf8')))
  const program = [...flags, join(kept, 'gateway/main.mjs')]
  const driver: unknown = await import(pathToFileURL(join(kept, 'driver/bartizan.mjs')).href)
  if (!isDriver(driver)) throw new Error(`hack/bench/bartizan.ts of ${commit} has no function bartizan`)
  return { name: id.slice(0, 7), launch: upstream => driver.bartizan(program, upstream) }
}

const isDriver = (module: unknown): module is { readonly bartizan: typeof bartizan } =>
  typeof module === 'object' && module !== null && 'bartizan' in module && typeof module.bartizan === 'function'

/** The full id of a commit. Throws when there is none of that name. */
export function idOf(commit: string): string {
  try {
    return git('rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`)
  } catch {
    throw new Error(`--against: this repository has no commit "${commit}"`)
  }
}

/** Unpacks the commit beside the system's temporary files, since Node strips no types below node_modules, and keeps what is made of it. */
async function make(id: string, kept: string): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), `bench-${id.slice(0, 7)}-`))
  await mkdir(dirname(kept), { recursive: true })
  const made = await mkdtemp(`${kept}.made-`)
  try {
    const archive = execFileSync('git', ['archive', id], { cwd: root, maxBuffer: 1 << 30 })
    execFileSync('tar', ['-x', '-C', tree], { input: archive })
    await install(tree)
    await run(process.execPath, [join(import.meta.dirname, 'make-version.ts'), tree, made]).catch(reason => {
      throw new Error(`commit ${id.slice(0, 7)}: ${z.object({ stderr: z.string() }).parse(reason).stderr.trim()}`)
    })
    await rename(made, kept)
  } finally {
    await rm(tree, { recursive: true, force: true })
    await rm(made, { recursive: true, force: true })
  }
}

/** The packages of its lock file: ours when they are the same, installed otherwise. */
async function install(tree: string): Promise<void> {
  const lock = (folder: string): string => readFileSync(join(folder, 'package-lock.json'), 'utf8')
  if (lock(tree) === lock(root)) return symlink(join(root, 'node_modules'), join(tree, 'node_modules'))
  console.log('installing the packages of that commit ...')
  const npm = (...command: string[]): boolean => {
    const quiet = ['--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
    return spawnSync('npm', [...command, ...quiet], { cwd: tree, stdio: ['ignore', 2, 2] }).status === 0
  }
  // As in hack/bootstrap.mjs: "npm ci" refuses where the registry lacks an optional package of some other system.
  if (!npm('ci') && !npm('install', '--no-save')) throw new Error('npm cannot install the packages of that commit')
}

function git(...args: readonly string[]): string {
  return execFileSync('git', [...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
