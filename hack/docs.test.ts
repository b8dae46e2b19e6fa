import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errors } from '../gateway/errors.ts'
import { catalogue } from '../operator/translate/model/reasons.ts'
import { errorsDoc, errorsFile } from './errors-doc.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Everything that git knows or would take: what is ignored is nobody's document. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => file !== '' && existsSync(join(root, file)))

describe('the documentation of error codes', () => {
  test('is what the generator makes of the table', () => {
    expect(readFileSync(errorsFile, 'utf8')).toBe(errorsDoc())
  })

  test('has every code and no other', () => {
    const documented = [...readFileSync(errorsFile, 'utf8').matchAll(/^\| `(\w+)`/gm)].map(match => match[1]!)
    expect(documented).toEqual(Object.keys(errors))
  })

  /** What JSON-RPC 2.0 section 5.1 and the MCP specification define, and the two that SDK servers send for sessions. */
  const standard: Readonly<Record<string, string>> = {
    '-32700': 'parse error',
    '-32600': 'invalid request',
    '-32601': 'method not found',
    '-32602': 'invalid params',
    '-32603': 'internal error',
    '-32020': 'HeaderMismatch of revision 2026-07-28',
    '-32022': 'a revision that a server does not serve: of 2026-07-28, and what clients tell the era by',
    '-32000': 'session required',
    '-32001': 'session not found',
  }

  test('shows no code of our own inside the reserved range', () => {
    const reserved = Object.values(errors).filter(({ rpc }) => rpc >= -32768 && rpc <= -32000)
    expect(reserved.filter(({ rpc }) => !(String(rpc) in standard))).toEqual([])
  })

  test('shows none of -32020 to -32099 but those that the specification names', () => {
    const named = Object.entries(errors).filter(([, { rpc }]) => rpc <= -32020 && rpc >= -32099)
    expect(named.map(([code, { rpc }]) => [code, rpc])).toEqual([
      ['HeaderMismatch', -32020],
      ['RevisionNotServed', -32022],
    ])
  })

  test('gives each code of our own a number of its own', () => {
    const own = Object.values(errors)
      .map(({ rpc }) => rpc)
      .filter(rpc => rpc > -32000)
    expect(new Set(own).size).toBe(own.length)
  })
})

describe('links', () => {
  const documents = tracked.filter(file => file.endsWith('.md'))

  /** Headings as anchors, spelled as the common renderers do. */
  const anchors = (text: string): string[] =>
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(match =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    )

  /** Relative links of a document that lead nowhere. */
  function broken(file: string): string[] {
    const text = read(file).replaceAll(/^```[\s\S]*?^```/gm, '')
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(match => match[1]!)
      .filter(link => !/^[a-z]+:/.test(link))
      .filter(link => {
        const [path, anchor] = link.split('#') as [string, string | undefined]
        const target = path === '' ? file : join(dirname(file), path)
        if (!existsSync(join(root, target))) return true
        return anchor !== undefined && !anchors(read(target)).includes(anchor)
      })
      .map(link => `${file} -> ${link}`)
  }

  test('between documents lead somewhere', () => {
    expect(documents.length).toBeGreaterThan(3)
    expect(documents.flatMap(broken)).toEqual([])
  })
})

describe('paths of this repository', () => {
  const path = /(?<![\w./-])(?:gateway|operator|mcp-client|crds|cli|console|hack|e2e|docs|config)\/[\w./-]*/g
  const pathsIn = (text: string): string[] => [...text.matchAll(path)].map(([found]) => found.replace(/[./]$/, ''))
  /** What is written as code; a path with a placeholder or a wildcard in it is none. */
  const spans = (text: string): string[] =>
    [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)]
      .map(([, code]) => code!)
      .filter(code => !/[<>*{}$]/.test(code))

  const documents = tracked.filter(file => /^(?:[A-Z]+|docs\/[\w-]+)\.md$/.test(file))
  const named = documents.flatMap(file => spans(read(file)).flatMap(pathsIn))
  const where = [...read('docs/coverage.yaml').matchAll(/where: '([^']*)'/g)].flatMap(([, text]) => pathsIn(text!))

  test('are there where documents name them', () => {
    expect(named).toContain('gateway/errors.ts')
    const missing = new Set([...named, ...where].filter(one => !existsSync(join(root, one))))
    expect([...missing]).toEqual([])
  })

  /** The tree of ARCHITECTURE.md as paths: two blanks are one level. */
  function foldersDrawn(): string[] {
    const tree = /^## The tree\n\n```\n([\s\S]*?)```/m.exec(read('ARCHITECTURE.md'))![1]!
    const above: string[] = []
    return [...tree.matchAll(/^( *)([\w-]+)\//gm)].map(([, indent, name]) => {
      above.splice(indent!.length / 2)
      above.push(name!)
      return above.join('/')
    })
  }

  test('are there where the tree of ARCHITECTURE.md draws them, and it draws every subject', () => {
    const drawn = foldersDrawn()
    expect(drawn.filter(folder => !existsSync(join(root, folder)))).toEqual([])
    const subjects = ['gateway', 'operator', 'operator/translate'].flatMap(parent =>
      readdirSync(join(root, parent), { withFileTypes: true })
        .filter(entry => entry.isDirectory() && !/^test(?:data|ing)$/.test(entry.name))
        .map(entry => `${parent}/${entry.name}`),
    )
    expect(subjects.filter(folder => !drawn.includes(folder))).toEqual([])
  })
})

describe('what ARCHITECTURE.md answers in two hops', () => {
  const rows = read('ARCHITECTURE.md')
    .split('\n')
    .filter(line => line.startsWith('| ') && line.includes('`'))

  test.each([
    ['missing scope', /'InsufficientScope'/],
    ['a rate limit goes', /place of charges/],
    ['a Host or an Origin', /'HostNotAllowed'/],
    ['an audit line', /audit\.write\(/],
    ['tool lists are filtered', /removeElements\(/],
    ['an authenticator goes', /providersOf/],
    ['rolled back', /registry\.rollback\(\)/],
    ['the NetworkPolicy', /kind: 'NetworkPolicy'/],
    ['Deployments and other objects are written', /client\.apply\(/],
    ['its status and reason', /reason: 'Accepted'/],
  ])('%s', (question, answer) => {
    const [row, ...others] = rows.filter(line => line.includes(question))
    expect(others).toEqual([])
    const named = [...row!.matchAll(/`(\w+\/[\w./-]+\.ts)`/g)].map(([, file]) => read(file!))
    expect(named.filter(text => answer.test(text))).not.toEqual([])
  })
})

describe('the guide to troubleshooting', () => {
  const guide = read('docs/troubleshooting.md')

  test('names reasons that a status can have, and says what to do about each reason of a server that does not start', () => {
    const rows = guide.split('## The server does not start')[1]!.split('\n## ')[0]!.split('\n')
    const table = rows.filter(line => line.startsWith('| `')).map(line => line.split('|').map(cell => cell.trim()))
    const named = table.flatMap(([, names]) => [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    const reasons = Object.values(catalogue).flatMap(own => Object.keys(own))
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(name => !reasons.includes(name))).toEqual([])
    expect(table.filter(([, , , remedy]) => remedy === '')).toEqual([])
  })
})

describe('the repository', () => {
  /** Spelled so that this file does not find itself. */
  const places = [
    /\/(?:work|root)\/(?:main|shared|\.)/,
    /registry\.(?:npmjs|yarnpkg)\./,
    /proxy\.golang\.[o]rg/,
    /pypi\.[o]rg/,
  ]
  const binary = /\.(?:png|jpg|gif|ico|wasm|gz|zip)$/

  test('names no machine on which it was written and no registry host', () => {
    const found = tracked
      .filter(file => !binary.test(file) && file !== 'package-lock.json' && file !== 'hack/docs.test.ts')
      .flatMap(file =>
        read(file)
          .split('\n')
          .flatMap((line, at) => (places.some(place => place.test(line)) ? [`${file}:${at + 1}: ${line}`] : [])),
      )
    expect(found).toEqual([])
  })
})
