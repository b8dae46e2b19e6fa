import { describe, expect, test } from 'vitest'
import { compare, inconsistent, type Differences } from './same-tests.ts'

const paths = new Set(['gateway/old.ts', 'gateway/call/new.ts', './old.ts', './call/new.ts'])
const side = (text: string) => ({ file: 'gateway/a.test.ts', text, knows: (path: string) => paths.has(path) })
const between = (before: string, after: string): Differences => compare(side(before), side(after))

/** The names that changed. */
const renames = ({ names }: Differences): string[] =>
  names.filter(({ old, now }) => old !== now).map(({ old, now, place }) => `${old} => ${now} at ${place}`)

describe('two versions of a test file', () => {
  test('are the same but for imports, comments and layout', () => {
    const before = "import { a } from './old.ts'\n// one\ntest('says it', () => expect(a(1)).toBe(2))"
    const after =
      "import { a } from './call/new.ts'\nimport type { B } from 'b'\n\ntest('says it', () =>\n  expect(a(1)).toBe(2),\n)"
    const found = between(before, after)
    expect({ paths: found.paths, others: found.others, renames: renames(found) }).toEqual({
      paths: [],
      others: [],
      renames: [],
    })
  })

  test('may differ in names, of which properties are told apart from variables', () => {
    const found = between('const attempt = { attempt: 1 }\nattempt.attempt()', 'const x = { attempt: 1 }\nx.attempt()')
    expect(found.others).toEqual([])
    expect(renames(found)).toEqual(['attempt => x at gateway/a.test.ts:1', 'attempt => x at gateway/a.test.ts:2'])
    expect(inconsistent(found.names)).toEqual([])
  })

  test('may write a renamed variable out where it was a shorthand', () => {
    const found = between('send({ attempt })', 'send({ attempt: request })')
    expect(found.others).toEqual([])
    expect(renames(found)).toEqual(['attempt => request at gateway/a.test.ts:1'])
  })

  test('may name moved files in texts, and these are shown', () => {
    const found = between("read('gateway/old.ts: 3')", "read('gateway/call/new.ts: 3')")
    expect(found.others).toEqual([])
    expect(found.paths).toEqual(['gateway/a.test.ts:1: "gateway/old.ts: 3" => "gateway/call/new.ts: 3"'])
  })

  test.each([
    ['a number', 'expect(a).toBe(1)', 'expect(a).toBe(2)'],
    ['a text', "test('refuses', run)", "test('admits', run)"],
    ['a text that looks like a path and is none', "get('/mcp/files')", "get('/mcp/other')"],
    ['a template', 'say(`a ${b}`)', 'say(`c ${b}`)'],
    ['a pattern', '/a+/.test(b)', '/a*/.test(b)'],
    ['an operator', 'expect(a < b)', 'expect(a <= b)'],
    ['a negation', 'expect(a).not.toBe(b)', 'expect(a).toBe(b)'],
    ['a statement', 'a()\nb()', 'a()'],
    ['a type', 'const a: string = b()', 'const a: number = b()'],
  ])('may not differ in %s', (_, before, after) => {
    const found = between(before, after)
    expect(found.paths).toEqual([])
    expect(found.others).toHaveLength(1)
    expect(found.others[0]).toMatch(/^gateway\/a\.test\.ts:1: .+ => .+/)
  })
})

describe('a renaming', () => {
  test('is inconsistent when one name became two, or two became one', () => {
    const found = between('a(b)\na(c)', 'x(y)\nz(y)')
    expect(inconsistent(found.names)).toEqual([
      'a became x (gateway/a.test.ts:1), z (gateway/a.test.ts:2)',
      'y was b (gateway/a.test.ts:1), c (gateway/a.test.ts:2)',
    ])
  })
})
