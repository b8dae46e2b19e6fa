import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { idOf, otherVersion } from './version.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-version-'))
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
    const temporary = (): string[] => readdirSync(tmpdir()).filter(name => name.startsWith(`bench-${id.slice(0, 7)}-`))
    const id = idOf('HEAD')
    const before = temporary()
    expect((await otherVersion('HEAD', folder)).name).toBe(id.slice(0, 7))
    expect(readdirSync(folder)).toEqual([id])
    expect(readdirSync(join(folder, id)).toSorted()).toEqual(['driver', 'flags.json', 'gateway'])
    expect(temporary()).toEqual(before)
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
