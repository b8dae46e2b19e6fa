import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { locate } from './binaries.ts'
import { kubernetesVersion, newest, verified } from './download.ts'

const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']

function place(folder: string, which: readonly string[]): string {
  mkdirSync(folder, { recursive: true })
  for (const name of which) {
    writeFileSync(join(folder, name), '')
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

describe('the binaries of a control plane', () => {
  let cache = ''
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'bartizan-binaries-'))
    vi.stubEnv('BARTIZAN_CACHE', cache)
    vi.stubEnv('KUBEBUILDER_ASSETS', undefined)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(cache, { recursive: true })
  })

  test('are those that KUBEBUILDER_ASSETS names', () => {
    const folder = place(join(cache, 'assets'), names)
    vi.stubEnv('KUBEBUILDER_ASSETS', folder)
    expect(locate()).toEqual({ folder })
  })

  test('are not taken from elsewhere when KUBEBUILDER_ASSETS lacks one: it is said which', () => {
    vi.stubEnv('KUBEBUILDER_ASSETS', place(join(cache, 'assets'), ['etcd', 'kube-apiserver', 'kubectl']))
    expect(locate()).toEqual({ reason: expect.stringContaining('has no kube-controller-manager') })
  })

  test('come from a former download', () => {
    const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
    const minor = kubernetesVersion().replace(/\.\d+$/, '')
    const folder = place(join(cache, `envtest-${minor}-${platform}`), names)
    expect(locate()).toEqual({ folder })
  })

  test('are missing with a remedy where nothing was built', () => {
    expect(locate()).toEqual({ reason: expect.stringContaining('hack/cluster/build') })
  })
})

describe('the official download', () => {
  const index = `releases:
  v1.36.2: {envtest-v1.36.2-linux-amd64.tar.gz: {hash: aa, selfLink: https://example.test/2}}
  v1.36.10: {envtest-v1.36.10-linux-amd64.tar.gz: {hash: bb, selfLink: https://example.test/10}}
  v1.37.0: {envtest-v1.37.0-linux-amd64.tar.gz: {hash: cc, selfLink: https://example.test/0}}
`

  test('is the newest patch of the minor version that the project is tested with', () => {
    expect(newest(index, 'v1.36', 'linux-amd64')).toMatchObject({ version: 'v1.36.10', hash: 'bb' })
  })

  test('is refused for a platform that has none', () => {
    expect(() => newest(index, 'v1.36', 'plan9-amd64')).toThrow('no build of v1.36 for plan9-amd64')
  })

  test('is refused when its digest is another', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(verified(Buffer.from(''), 'sha256', `${empty}\n`)).toHaveLength(0)
    expect(() => verified(Buffer.from('x'), 'sha256', empty)).toThrow(/sha256 is 2d7116/)
  })
})
