import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowMatcher, denyMatcher } from './glob.ts'
import { maxToolName } from './tools.ts'

const points = (text: string): number[] => Array.from(text, character => character.codePointAt(0)!)
const [star, one] = points('*?')

/** What a glob means, said without cleverness: which beginnings of the name the glob so far has matched. */
function means(glob: string, name: string): boolean {
  const read = points(name)
  let reached = [true, ...read.map(() => false)]
  for (const point of points(glob)) {
    const before = reached
    reached = before.map((_, at) => {
      if (point === star) return before.slice(0, at + 1).includes(true)
      return at > 0 && before[at - 1]! && (point === one || point === read[at - 1])
    })
  }
  return reached.at(-1)!
}

const halves = ['\ud83d', '\ude00']
const letters = fc.constantFrom('a', 'a', 'a', 'b', '.', '\n', '😀', 'é', ...halves)
const names = fc.string({ unit: letters, maxLength: 12 })
const globs = fc.string({ unit: fc.oneof(letters, fc.constantFrom('*', '*', '?', '?')), minLength: 1, maxLength: 12 })

describe('a glob', () => {
  test('means what the plainest reading of it means, halves of characters included', () => {
    const seen = new Set<boolean>()
    fc.assert(
      fc.property(globs, names, (glob, name) => {
        const expected = means(glob, name)
        seen.add(expected)
        expect(allowMatcher([glob])(name)).toBe(expected)
      }),
      { numRuns: 20_000 },
    )
    expect(seen.size).toBe(2)
  })

  test('means the same beside others', () => {
    fc.assert(
      fc.property(fc.array(globs, { maxLength: 6 }), names, (several, name) => {
        expect(allowMatcher(several)(name)).toBe(several.some(glob => means(glob, name)))
      }),
      { numRuns: 5000 },
    )
  })

  test('with pieces of more than a word of bits means the same', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b', '?'), minLength: 30, maxLength: 70 })
    fc.assert(
      fc.property(piece, fc.nat(40), fc.nat(40), fc.boolean(), (inner, before, after, spoilt) => {
        const text = inner.replaceAll('?', 'c')
        const name = `${'a'.repeat(before)}${spoilt ? text.replace('b', 'c') : text}${'a'.repeat(after)}`
        expect(allowMatcher([`*${inner}*`])(name)).toBe(means(`*${inner}*`, name))
      }),
      { numRuns: 2000 },
    )
  })

  const long = 'a'.repeat(maxToolName)
  test.each([
    ['ten stars', '*a'.repeat(10) + 'b'],
    ['twenty stars between two letters', '*aa'.repeat(20) + '*b'],
    ['as many stars as fit', '*a'.repeat(63) + 'b'],
    ['stars and question marks', '*?a'.repeat(40) + 'b'],
    ['runs of both', '*?'.repeat(63) + 'b'],
    ['question marks and one star', '?'.repeat(60) + '*' + '?'.repeat(60) + 'b'],
  ])('with %s is judged at once, however long the name is', (_, glob) => {
    // Compared with a RegExp this would outlast the machine.
    const all = Array.from({ length: 256 }, (__, at) => `${glob}${at}`.slice(-128))
    expect(allowMatcher(all)(long)).toBe(false)
    expect(denyMatcher(all)(long)).toBe(false)
    expect(allowMatcher(all)(long.repeat(500))).toBe(false)
    expect(denyMatcher([`${glob}*`.replaceAll('b', 'a')])(long)).toBe(true)
  })
})

describe('a deny pattern', () => {
  const caught = (name: string, ...patterns: string[]): boolean => denyMatcher(patterns)(name)

  const blanks = [
    ' ',
    '\t',
    '\n',
    '\r',
    '\v',
    '\f',
    '\u0085',
    '\u00a0',
    '\u1680',
    '\u2000',
    '\u2003',
    '\u2007',
    '\u2009',
  ]
  const more = [
    '\u200a',
    '\u2028',
    '\u2029',
    '\u202f',
    '\u205f',
    '\u2800',
    '\u3000',
    '\u180e',
    '\u200b',
    '\u2060',
    '\ufeff',
  ]
  const fillers = [
    '\u115f',
    '\u3164',
    '\uffa0',
    '\u00ad',
    '\u034f',
    '\ufe0f',
    '\u{e0020}',
    '\0',
    '\u001b',
    '\u202e',
    '\ud800',
  ]

  test.each([...blanks, ...more, ...fillers].map(blank => [blank.codePointAt(0)!.toString(16), blank]))(
    'is not escaped by U+%s before, behind or within a name, once or often',
    (_, blank) => {
      for (const run of [blank, blank.repeat(3), ` ${blank} `]) {
        expect(caught(`${run}delete_all`, 'delete_all')).toBe(true)
        expect(caught(`delete_all${run}`, 'delete_all')).toBe(true)
        expect(caught(`${run}delete_all${run}`, 'delete_*')).toBe(true)
        expect(caught(`delete${run}_all`, 'delete_all')).toBe(true)
        expect(caught(`delete${run}all`, 'delete all')).toBe(true)
        expect(caught(`${run}delete${run}${run}all`, 'delete all')).toBe(true)
      }
    },
  )

  test.each([
    ['DELETE', 'delete'],
    ['ｄｅｌｅｔｅ', 'delete'],
    ['delete', 'ＤＥＬＥＴＥ'],
    ['d\u0131sk', 'disk'],
    ['D\u0130SK', 'disk'],
    ['disk', 'D\u0130SK'],
    ['\u212aill', 'kill'],
    ['\u017fhell', 'shell'],
    ['stra\u00dfe', 'STRASSE'],
    ['STRASSE', 'stra\u00dfe'],
    ['stra\u00dfe', 'stra?e'],
    ['ΟΔΟΣ', 'οδοσ*'],
    ['e\u0301tat', '\u00e9tat'],
    [' delete', ' delete'],
    ['delete', ' delete '],
  ])('catches %j by %j', (name, pattern) => expect(caught(name, pattern)).toBe(true))

  test('in which a blank stands beside a wildcard means names with a blank, and no others', () => {
    for (const pattern of ['* *', 'a *', '* a', ' *', '* ', '*\u3000*', '? ?']) {
      expect(caught('ab', pattern)).toBe(false)
      expect(caught('abc', pattern)).toBe(false)
    }
    expect(caught('a b', '* *', '? ?')).toBe(true)
    expect(caught(' b', ' *')).toBe(true)
    expect(caught('a ', 'a *')).toBe(true)
  })

  test('catches whatever it caught before blanks and letters of all scripts counted for nothing', () => {
    const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu
    const folded = (text: string): string => text.normalize('NFKC').replace(unseen, '').toLowerCase().normalize('NFKC')
    const unit = fc.constantFrom(
      'a',
      'b',
      'ß',
      'İ',
      'ı',
      'ς',
      'Σ',
      ' ',
      '\u3000',
      '\t',
      '\u200b',
      '\ufdfa',
      'Ａ',
      '\u0307',
    )
    const name = fc.string({ unit, maxLength: 6 })
    const glob = fc.string({ unit: fc.oneof(unit, fc.constantFrom('*', '?')), minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(glob, name, (pattern, text) => {
        expect(caught(text, pattern) || !means(folded(pattern), folded(text))).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })
})

test('an allow pattern means a name exactly as it is sent', () => {
  for (const name of [' echo', 'echo ', 'Echo', 'ｅｃｈｏ', 'ec\u200bho', 'e cho'])
    expect(allowMatcher(['echo'])(name)).toBe(false)
  expect(allowMatcher(['echo'])('echo')).toBe(true)
})
