// node hack/cluster/binaries.ts: gets the binaries of a control plane and prints their folder.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { download, downloaded } from './download.ts'

/** Where the binaries are, or why there are none. */
export type Binaries = { readonly folder: string } | { readonly reason: string }

/** What a control plane is made of; `kube-controller-manager` is not part of what controller-runtime's tools download. */
const needed = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']

const script = join(import.meta.dirname, 'build')
const cache = (): string => process.env['BARTIZAN_CACHE'] ?? join(homedir(), '.cache', 'bartizan')

/** The first of the named binaries that a folder lacks. */
const lacking = (folder: string): string | undefined => needed.find(name => !existsSync(join(folder, name)))

function built(): string | undefined {
  try {
    return execFileSync(script, ['--where'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined // no bash, as on Windows
  }
}

/**
 * The binaries that are on this machine already: those of `KUBEBUILDER_ASSETS`, a former download, a former build.
 * Takes no time, so that every test file may ask.
 */
export function locate(): Binaries {
  const given = process.env['KUBEBUILDER_ASSETS']
  if (given !== undefined && lacking(given) !== undefined) {
    return { reason: `KUBEBUILDER_ASSETS is ${given}, which has no ${lacking(given)}` }
  }
  const found = [given, downloaded(cache()), built()].find(folder => folder !== undefined && !lacking(folder))
  return found === undefined
    ? { reason: 'no etcd and kube-apiserver: run hack/cluster/build (10 minutes), or set KUBEBUILDER_ASSETS' }
    : { folder: found }
}

/** {@link locate}, else the official download, else a build from Go modules. May take minutes; says on stderr what it does. */
export async function obtain(): Promise<Binaries> {
  const found = locate()
  if ('folder' in found || process.env['KUBEBUILDER_ASSETS'] !== undefined) return found
  const fetched = await download(cache())
  if ('folder' in fetched) return fetched
  process.stderr.write(`no download: ${fetched.reason}\n`)
  const { status, stdout, error } = spawnSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  return status === 0
    ? { folder: stdout.trim() }
    : { reason: `no control plane: ${fetched.reason}; ${error?.message ?? 'hack/cluster/build failed'}` }
}

if (import.meta.main) {
  const found = await obtain()
  if ('reason' in found) process.stderr.write(`${found.reason}\n`)
  else process.stdout.write(`${found.folder}\n`)
  // Without binaries the tests that need them skip and say why; in CI that is a failure, and better an early one.
  process.exitCode = 'reason' in found && process.env['CI'] === 'true' ? 1 : 0
}
