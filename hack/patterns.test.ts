import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { analyse } from 'scslre'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import type * as maker from '../gateway/config/pattern.ts'
import { isExponential } from './patterns/ambiguity.ts'
import { foundIn } from './patterns/found.ts'

const root = join(import.meta.dirname, '..')
const sources = new Map(
  globSync('{gateway,operator,mcp-client,crds,cli,config,console,hack,e2e}/**/*.{ts,js,mjs}', { cwd: root })
    .map(file => file.replaceAll('\\', '/'))
    .map(file => [file, foundIn(file, readFileSync(join(root, file), 'utf8'))] as const),
)

/** The one file in which a RegExp is made of text. */
const makerFile = 'gateway/config/pattern.ts'

/** What is not linear and may stay, with the bound that makes it harmless. */
const bounded: Readonly<Record<string, string>> = {
  '/\\[[^\\]]*\\]/g': 'a test reads patterns of our own with it, of a few hundred characters',
}

/** Why a search by this expression may take more time than its text has letters, or nothing. */
const superlinear = (source: string, flags: string): string[] => [
  ...(isExponential(source, flags) ? ['exponential'] : []),
  ...analyse({ source, flags }).reports.map(({ type }) => type),
]

/** Where this is in the sources, but for the maker. */
const places = (of: 'made' | 'implied'): string[] =>
  [...sources].flatMap(([file, found]) => (file === makerFile ? [] : found[of].map(line => `${file}:${line}`)))

describe('regular expressions', () => {
  test('take linear time, each literal of them', () => {
    const literals = [...sources].flatMap(([file, found]) => found.literals.map(one => ({ file, ...one })))
    expect(literals.length).toBeGreaterThan(300)
    const slow = literals.flatMap(({ file, line, source, flags }) =>
      `/${source}/${flags}` in bounded
        ? []
        : superlinear(source, flags).map(why => `${file}:${line} /${source}/${flags}: ${why}`),
    )
    expect(slow).toEqual([])
  })

  test('are made of text in one file only', () => {
    expect(sources.get(makerFile)?.made).toHaveLength(1)
    expect(places('made')).toEqual([])
  })

  test('are never made of a string by match, matchAll and search', () => {
    expect(places('implied')).toEqual([])
  })

  test('that may take longer are all still there', () => {
    const literals = [...sources.values()].flatMap(({ literals }) =>
      literals.map(({ source, flags }) => `/${source}/${flags}`),
    )
    expect(Object.keys(bounded).filter(one => !literals.includes(one))).toEqual([])
  })
})

describe('expressions that are put together when the modules load', () => {
  afterEach(() => {
    vi.doUnmock('../gateway/config/pattern.ts')
    vi.resetModules()
  })

  test('take linear time', async () => {
    const made: RegExp[] = []
    const makers = [...sources.keys()].filter(
      file =>
        /^(?:gateway|operator|crds|cli)\//.test(file) &&
        !/\.test\.ts$|\/fuzz\/|\/arbitrary\.ts$/.test(file) &&
        /\bpattern\(/.test(readFileSync(join(root, file), 'utf8')),
    )
    vi.resetModules()
    vi.doMock('../gateway/config/pattern.ts', async original => {
      const { pattern } = await original<typeof maker>()
      return {
        pattern(...text: Parameters<typeof pattern>) {
          const regex = pattern(...text)
          made.push(regex)
          return regex
        },
      }
    })
    for (const file of makers) if (file !== makerFile) await import(join(root, file))
    expect(made.length).toBeGreaterThan(1)
    expect(
      made.flatMap(({ source, flags }) => superlinear(source, flags).map(why => `/${source}/${flags}: ${why}`)),
    ).toEqual([])
  })
})

describe('the patterns of the kinds', () => {
  const patterns = globSync('config/crd/*.yaml', { cwd: root }).flatMap(file =>
    Array.from(readFileSync(join(root, file), 'utf8').matchAll(/^ *pattern: (.*)$/gm), ([, text = '']) =>
      String(parse(text)),
    ),
  )

  test('use nothing that the RE2 of the API server lacks', () => {
    expect(patterns.length).toBeGreaterThan(20)
    // Lookarounds, back references, properties, escapes and named groups that the two spell differently.
    const foreign = /\(\?[=!<]|\\[1-9kpPu]/
    expect(patterns.filter(text => foreign.test(text))).toEqual([])
  })

  test('take linear time', () => {
    expect(patterns.flatMap(text => superlinear(text, ''))).toEqual([])
  })
})

describe('the linter', () => {
  test.each([
    ['^(?:a+)+$', '', 'exponential'],
    ['^(?:a|a)*$', '', 'exponential'],
    ['^(a|aa)+$', '', 'exponential'],
    ['^(?:a|b|ab)*c$', '', 'exponential'],
    ['^(?:ab?|b)*c', '', 'exponential'],
    ['^(?:[a-z]|[0-9a-f])*x$', '', 'exponential'],
    ['^(?:a|A)*b', 'i', 'exponential'],
    ['^(?:(?:a|b)+|c)*d', '', 'exponential'],
    ['^(?:a?b?)*$', '', 'exponential'],
    ['^(?:a{0,40}){0,40}b', '', 'exponential'],
    ['^(?:a{0,15}){0,15}b', '', 'exponential'],
    ['^(?:(?:a{1,3}){1,3}){1,3}b', '', 'exponential'],
    ['(?=(?:a+)+b)c', '', 'exponential'],
    ['(?<!^(?:\\w|\\d)*)c', '', 'exponential'],
    ['\\s+$', '', 'Move'],
    ['[\\p{L}-]+=', 'u', 'Move'],
    ['^\\s*(.*)\\s*$', '', 'Trade'],
    ['^a*a*b', '', 'Trade'],
    ['(?<=x)a+a+$', '', 'Trade'],
  ])('finds /%s/%s: %s', (source, flags, why) => {
    expect(superlinear(source, flags)).toContain(why)
  })

  test.each([
    ['^a+$', ''],
    ['"[^"]*"', ''],
    ['^"(?:[^"\\\\]|\\\\.)*"$', ''],
    ['^(?:a|b)*c', ''],
    ['^(?:a|A)*b', ''],
    ['(?<!\\/)\\/+$', ''],
    ['a+b', 'y'],
    ['^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$', ''],
  ])('lets /%s/%s pass', (source, flags) => expect(superlinear(source, flags)).toEqual([]))

  test.each([
    'new RegExp(text)',
    'RegExp(text)',
    'new globalThis.RegExp(text)',
    'Reflect.construct(RegExp, [text])',
    'const { source } = class extends RegExp {}',
    'const make = RegExp',
    "new globalThis['RegExp'](text)",
    'const { RegExp: make } = globalThis',
    'global.RegExp(text)',
    'RegExp.prototype.constructor(text)',
    'new (/a/.constructor)(text)',
    'Object.getPrototypeOf(/a/).constructor(text)',
    '/a/.compile(text)',
    'path.matchesGlob(name, text)',
    "import { matchesGlob } from 'node:path'",
  ])('sees that %s may make one', text => expect(foundIn('a.ts', text).made).toEqual([1]))

  test.each([
    'text.match(word)',
    "text.search('a|b')",
    'text.matchAll(`${word}`)',
    'text?.match(words[0])',
    "text['match'](word)",
    'text.match.call(text, word)',
    'String.prototype.search.apply(text, words)',
    'const { match } = String.prototype',
  ])('sees that %s makes one of a string', text => expect(foundIn('a.ts', text).implied).toEqual([1]))

  test('takes types, questions, literals and what is known for no making', () => {
    const text = `const known = /a/
      const other: RegExp = pattern('b')
      function f(this: void, x: RegExp | string): x is RegExp { return x instanceof RegExp }
      const o = { RegExp: 1, ...{ a: o.RegExp } }
      text.match(known); text.matchAll(other); text.search(/c/)`
    expect(foundIn('a.ts', text)).toMatchObject({ made: [], implied: [] })
  })
})
