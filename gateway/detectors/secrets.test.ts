import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { secretRules, secrets } from './secrets.ts'
import { entropy } from './secrets/entropy.ts'

const detector = secrets({})

describe('the kept rules', () => {
  test('are named in kebab case and known by literals of lower case', () => {
    for (const { name, literals } of secretRules) {
      expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
      expect(literals.length).toBeGreaterThan(0)
      for (const literal of literals) expect(literal).toMatch(/^[ -@[-~]{3,}$|^q~$/)
    }
  })

  const withoutClasses = (pattern: RegExp): string => pattern.source.replace(/\\./g, 'e').replace(/\[[^\]]*\]/g, 'c')
  const offending = (is: (pattern: RegExp) => boolean): string[] =>
    secretRules.filter(({ pattern }) => is(pattern)).map(({ name }) => name)

  test('are sticky, and every repetition has a bound', () => {
    expect(offending(pattern => !pattern.sticky)).toEqual([])
    expect(offending(pattern => /[*+]|\{\d+,\}/.test(withoutClasses(pattern)))).toEqual([])
  })

  test('repeat no group that repeats something itself', () => {
    expect(offending(pattern => /\{\d+(?:,\d+)?\}[^()]*\)\{/.test(withoutClasses(pattern)))).toEqual([])
  })
})

/** The work that can be counted from outside: how often a pattern is tried, and how much text the tries took. */
function work(text: string): number {
  let done = 0
  const exec = Object.getOwnPropertyDescriptor(RegExp.prototype, 'exec')!.value as RegExp['exec']
  const spy = vi.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, looked: string) {
    const match = exec.call(this, looked)
    done += 1 + (match?.[0].length ?? 0)
    return match
  })
  try {
    detector.find(text)
  } finally {
    spy.mockRestore()
  }
  return done
}

describe('hostile texts', () => {
  // The 256 beginnings of one rule differ in two digits.
  const beginnings = [...new Set(detector.literals)].filter(
    literal => !/^sk[0-9a-f]{2}$/.test(literal) || literal === 'sk0a',
  )
  const fillings = ['', '=', '"', ' ', 'a1', '-', '_', '.', '/', ' = "', 'eyJ', '://', '=A1b2_-']

  test.each(fillings)('the work grows with the text and not faster: beginnings with "%s" between', filling => {
    const faster = beginnings.filter(beginning => {
      const unit = beginning + filling
      const small = work(unit.repeat(Math.ceil(1024 / unit.length)))
      const large = work(unit.repeat(4 * Math.ceil(1024 / unit.length)))
      return large > 6 * small + 4096
    })
    expect(faster).toEqual([])
  })

  test('one beginning before a long run costs no more than its bound', () => {
    const long = beginnings.filter(
      beginning =>
        work(beginning + '='.repeat(20_000)) > 100_000 || work(beginning.toUpperCase() + 'aA1'.repeat(7000)) > 100_000,
    )
    expect(long).toEqual([])
  })
})

describe('allowed', () => {
  test('passes the exact string and no other', () => {
    const token = ['ghp', 'k2Lm9Qx7Vb4Nz8Rt5Yw3Pc6Hd1Jf0Gs2Ua7E'].join('_')
    expect(secrets({ allowed: [token] }).find(`a ${token} b`)).toEqual([])
    expect(secrets({ allowed: [token.slice(0, -1)] }).find(`a ${token} b`)).toHaveLength(1)
  })
})

describe('find', () => {
  test('gives hits in order, within the text, that do not overlap', () => {
    const pieces = fc.constantFrom(...(detector.literals ?? []), 'k2Lm9Qx7Vb4Nz8Rt5Yw3', '=', '"', ' ', 'A1', '\n', '-')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), parts => {
        const text = parts.join('')
        let last = 0
        for (const { start, end, replacement } of detector.find(text)) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(text.length)
          expect(detector.placeholders).toContain(replacement)
          last = end
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('no place before a name is too odd to look at what is assigned to it', () => {
  for (const before of ['\\', '\\\\', '\\n', '\\nx', '\\x', '"\\'])
    expect(detector.find(before + ['pass', 'word="abcDEF123&xyz"'].join(''))).toHaveLength(1)
})

test('entropy is that of Shannon, in bits per character', () => {
  expect(entropy('aaaa')).toBeCloseTo(0)
  expect(entropy('abab')).toBeCloseTo(1)
  expect(entropy('0123456789abcdef')).toBeCloseTo(4)
  expect(entropy('𐌀𐌁𐌂𐌃')).toBeCloseTo(2)
})
