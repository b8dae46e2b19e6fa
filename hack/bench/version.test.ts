import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { idOf, otherVersion } from './version.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-version-'))
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true }))

describe('the commit to compare with', () => {
  test('is found by any name that git knows', () => {
    expect(idOf('HEAD')).toMatch(/^[0-9a-f]{40}$/)
    expect(idOf(idOf('HEAD').slice(0, 12))).toBe(idOf('HEAD'))
  })

  test.each(['no-such-commit', 'HEAD:README.md', '--all', ''])('is named when there is no "%s"', name => {
    expect(() => idOf(name)).toThrow(`this repository has no commit "${name}"`)
  })
})

describe('the tree of another commit', () => {
  test('becomes a bundle, flags and a launcher, kept by the id of the commit, and is removed', async () => {
    const [kept, temporary] = [join(folder, 'kept'), join(folder, 'temporary')]
    mkdirSync(temporary)
    vi.stubEnv('TMPDIR', temporary)
    const id = idOf('HEAD')
    expect((await otherVersion('HEAD', kept)).name).toBe(id.slice(0, 7))
    expect(readdirSync(kept)).toEqual([id])
    expect(readdirSync(join(kept, id)).toSorted()).toEqual(['driver', 'flags.json', 'gateway'])
    expect(readdirSync(temporary)).toEqual([])
  })

  /** What make-version says of a tree with these files. */
  const said = async (files: Record<string, string>): Promise<string> => {
    const tree = mkdtempSync(join(folder, 'tree-'))
    mkdirSync(join(tree, 'hack/bench'), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(tree, name), text)
    const command = [join(import.meta.dirname, 'make-version.ts'), tree, join(folder, 'made')]
    return promisify(execFile)(process.execPath, command).then(
      () => 'nothing',
      (error: unknown) => (error as { stderr: string }).stderr.trim(),
    )
  }
  const flags = 'export const gatewayFlags = () => []'
  const bartizan = 'export const bartizan = () => {}'

  test('is refused by the name of the file that it lacks', async () => {
    expect(await said({ 'hack/flags.ts': flags, 'hack/bench/bartizan.ts': bartizan })).toBe(
      'there is no hack/bundle.ts',
    )
  })

  test('is refused by the name of the function that a file lacks', async () => {
    const bundle = 'export const bundleAll = () => {}'
    expect(await said({ 'hack/bundle.ts': bundle, 'hack/flags.ts': flags, 'hack/bench/bartizan.ts': bartizan })).toBe(
      'hack/bundle.ts has no function bundleGateway',
    )
  })
})
