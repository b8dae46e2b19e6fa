import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { circles, entryGraphs, fileGraph, importsAmong, type Graph } from './tree/circles.ts'
import { sourcesOf } from './tree/imports.ts'
import { builtIns, typeNames } from './tree/type-names.ts'

const root = join(import.meta.dirname, '..')
const product = sourcesOf('{gateway,operator,mcp-client,crds,cli,console}/**/*.ts')
const tools = sourcesOf('{hack,e2e,config}/**/*.ts')
const graph = fileGraph(new Map([...product, ...tools]))

/** A circle is shown with the imports that make it, so that the one to cut can be seen. */
type Circle = { readonly name: string; readonly imports: readonly string[] }

const circlesOfFiles = (files: Graph): Circle[] =>
  circles(files).map(group => ({
    name: `${group[0]!} and ${group.length - 1} more`,
    imports: importsAmong(files, group),
  }))

const circlesOfFolders = (files: Graph): Circle[] =>
  [...entryGraphs(files)].flatMap(([folder, entries]) =>
    circles(entries).map(group => ({
      name: `${folder}: ${group.join(', ')}`,
      imports: importsAmong(entries, group),
    })),
  )

describe('import circles', () => {
  test('are not among files, types included', () => {
    expect(circlesOfFiles(graph)).toEqual([])
  })

  test('are not among the files and subfolders of any folder', () => {
    expect(circlesOfFolders(graph)).toEqual([])
  })

  test('are found through types, exports and imports at run time', () => {
    const files = fileGraph(
      new Map([
        ['a/one.ts', "import type { Two } from './two.ts'"],
        ['a/two.ts', "export { three } from '../b/three.ts'"],
        ['b/three.ts', "const one = await import('../a/one.ts')"],
        ['b/four.ts', "import { three } from './three.ts'\nimport 'undici'\nimport json from './absent.json'"],
      ]),
    )
    expect(circles(files)).toEqual([['a/one.ts', 'a/two.ts', 'b/three.ts']])
    expect(circlesOfFolders(files)).toEqual([
      { name: '.: a, b', imports: ['a/two.ts -> b/three.ts', 'b/three.ts -> a/one.ts'] },
    ])
  })

  test('are found between a folder and a file that no circle of files joins', () => {
    const files = fileGraph(
      new Map([
        ['a/start.ts', "import { parse } from './parts/parse.ts'"],
        ['a/parts/parse.ts', ''],
        ['a/parts/run.ts', "import { start } from '../start.ts'"],
      ]),
    )
    expect(circles(files)).toEqual([])
    expect(circlesOfFolders(files).map(({ name }) => name)).toEqual(['a: parts, start.ts'])
  })
})

describe('the name of an exported type', () => {
  const names = typeNames(product)

  test('stands for one thing', () => {
    expect(names.size).toBeGreaterThan(100)
    const doubles = [...names].filter(([, files]) => files.length > 1).map(([name]) => name)
    expect(doubles).toEqual([])
  })

  test('shadows nothing that is built in', () => {
    const taken = builtIns()
    expect([...taken]).toEqual(
      expect.arrayContaining(['Record', 'Promise', 'Request', 'Response', 'Event', 'Readable']),
    )
    const shadowing = [...names.keys()].filter(name => taken.has(name))
    expect(shadowing).toEqual([])
  })

  test('counts where it is declared, not where it is exported again', () => {
    const found = typeNames(
      new Map([
        ['a.ts', 'export type One = string\nexport interface Two {}\ntype Inner = One\nexport class Three {}'],
        ['b.ts', "export type { One } from './a.ts'\nexport type Two = number\nexport const One = 1"],
      ]),
    )
    expect([...found].filter(([, files]) => files.length > 1)).toEqual([['Two', ['a.ts', 'b.ts']]])
    expect([...found.keys()]).toEqual(['One', 'Two', 'Three'])
  })
})

describe('files and folders', () => {
  const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/

  test('are named in lower case with hyphens', () => {
    const paths = globSync('{gateway,operator,mcp-client,crds,cli,console,hack,e2e}/**', { cwd: root })
    const others = paths
      .filter(path => !/(?:^|\/)node_modules\//.test(path))
      .filter(path => path.split('/').some(part => !kebab.test(part)))
    // Names that a tool gives: documents by convention, Dockerfiles by their suffix, tests of Go.
    expect(others.filter(path => !/(?:README\.md|\.Dockerfile|_test\.go)$/.test(path))).toEqual([])
  })

  test.each(['gateway', 'operator', 'operator/translate'])('at the top of %s are at most a dozen', folder => {
    const files = globSync('*.ts', { cwd: join(root, folder) }).filter(file => !file.endsWith('.test.ts'))
    expect(files.length).toBeLessThanOrEqual(12)
  })
})
