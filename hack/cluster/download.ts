import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { parse } from 'yaml'

/** The official builds for tests: an index with SHA-512 digests, beside the archives of etcd, kube-apiserver and kubectl. */
const index = 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml'
/** The official server binaries, each with its SHA-256 digest beside it. */
const releases = 'https://dl.k8s.io/release'

type Archive = { readonly hash: string; readonly selfLink: string }
type Index = { readonly releases: Readonly<Record<string, Readonly<Record<string, Archive>>>> }

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`

/** Version of Kubernetes that the project is tested with, such as `v1.36.3`. */
export function kubernetesVersion(): string {
  const text = readFileSync(join(import.meta.dirname, 'kube', 'go.mod'), 'utf8')
  const found = /^[ \t]*k8s\.io\/kubernetes (v\S+)/m.exec(text)?.[1]
  if (found === undefined) throw new Error('hack/cluster/kube/go.mod names no version of Kubernetes')
  return found
}

const minor = (): string => kubernetesVersion().split('.').slice(0, 2).join('.')
const folderOf = (cache: string): string => join(cache, `envtest-${minor()}-${platform}`)

/** Folder of a former download, when there is one. */
export const downloaded = (cache: string): string | undefined =>
  existsSync(folderOf(cache)) ? folderOf(cache) : undefined

async function get(url: string, timeout: number): Promise<Buffer> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeout) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return Buffer.from(await answer.arrayBuffer())
}

/** Bytes whose digest is the expected one; anything else is not run. */
export function verified(bytes: Buffer, algorithm: 'sha256' | 'sha512', expected: string): Buffer {
  const digest = createHash(algorithm).update(bytes).digest('hex')
  if (digest !== expected.trim().toLowerCase()) throw new Error(`${algorithm} is ${digest}, not ${expected.trim()}`)
  return bytes
}

/** The newest patch of a minor version that the index has for a platform. */
export function newest(text: string, minor: string, platform: string): Archive & { readonly version: string } {
  const { releases } = parse(text) as Index
  const patch = (version: string): number => Number(version.slice(minor.length + 1))
  const version = Object.keys(releases)
    .filter(version => version.startsWith(`${minor}.`) && Number.isInteger(patch(version)))
    .toSorted((a, b) => patch(b) - patch(a))[0]
  const archive = version === undefined ? undefined : releases[version]?.[`envtest-${version}-${platform}.tar.gz`]
  if (version === undefined || archive === undefined) throw new Error(`no build of ${minor} for ${platform}`)
  return { version, ...archive }
}

async function fetchInto(work: string): Promise<void> {
  const archive = newest((await get(index, 15_000)).toString(), minor(), platform)
  const packed = verified(await get(archive.selfLink, 300_000), 'sha512', archive.hash)
  const { status, stderr } = spawnSync('tar', ['-xz', '--strip-components=2', '-C', work], { input: packed })
  if (status !== 0) throw new Error(`tar: ${stderr.toString()}`)
  const manager = `${releases}/${archive.version}/bin/${platform.replace('-', '/')}/kube-controller-manager`
  const digest = (await get(`${manager}.sha256`, 15_000)).toString()
  writeFileSync(join(work, 'kube-controller-manager'), verified(await get(manager, 300_000), 'sha256', digest))
  chmodSync(join(work, 'kube-controller-manager'), 0o755)
}

/** Downloads the official binaries into the cache; answers with the folder, or with what did not work. */
export async function download(cache: string): Promise<{ folder: string } | { reason: string }> {
  const folder = folderOf(cache)
  const work = `${folder}.${process.pid}`
  mkdirSync(work, { recursive: true })
  try {
    await fetchInto(work)
    renameSync(work, folder)
    return { folder }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
    return { reason: `${error instanceof Error ? error.message : String(error)}${cause}` }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
