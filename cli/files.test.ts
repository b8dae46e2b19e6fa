import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSources } from './files.ts'
import { load, type Loaded } from './load.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bartizan-files-'))
  mkdirSync(join(root, 'policies'))
  write('s.yaml', 'MCPServer', 'one')
  write('policies/p.yaml', 'GuardrailPolicy', 'p')
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (file: string, kind: string, name: string): void =>
  writeFileSync(join(root, file), `apiVersion: mcp.gateway.io/v1\nkind: ${kind}\nmetadata: {name: ${name}}\n`)
const paths = (): string[] => [join(root, 's.yaml'), `${join(root, 'policies')}/`]
const again = (before: Loaded): Loaded => load(readSources(paths(), 'what is left'), {}, before)
const told = ({ resources, problems }: Loaded) => [
  resources.map(({ kind }) => kind).sort(),
  problems.map(({ message }) => message),
]

const both = ['GuardrailPolicy', 'MCPServer']

test.each(['policies', 's.yaml'])(
  '%s that was named and is gone keeps what it held, for as long as it is gone',
  path => {
    const before = load(readSources(paths()), {})
    renameSync(join(root, path), join(root, 'away'))
    const gone = again(before)
    expect(told(gone)).toEqual([both, ['no such file or folder']])
    expect(told(again(gone))).toEqual([both, ['no such file or folder']])
    renameSync(join(root, 'away'), join(root, path))
    expect(told(again(gone))).toEqual([both, []])
  },
)

test('a file that is deleted from a folder that is there takes its objects along', () => {
  const before = load(readSources(paths()), {})
  rmSync(join(root, 'policies/p.yaml'))
  expect(told(again(before))).toEqual([['MCPServer'], []])
})

test('a link that leads nowhere for a moment keeps what it led to', () => {
  const before = load(readSources(paths()), {})
  rmSync(join(root, 'policies/p.yaml'))
  symlinkSync(join(root, 'nowhere'), join(root, 'policies/p.yaml'))
  expect(told(again(before))).toEqual([both, ['no such file or folder']])
})

test('a path that is not there at the start is refused', () => {
  rmSync(join(root, 'policies'), { recursive: true })
  expect(() => readSources(paths())).toThrow('no such file or folder')
})
