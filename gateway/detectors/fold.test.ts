import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, foldWithOrigin } from './fold.ts'

/** Characters that fold, join, hide or come from several places, separated by bars. */
const characters =
  'a|Z| |\n|é|É|e\u0301|\u0301|\u0323|ß|ẞ|İ|ı|Σ|ς|ﬁ|①|Ａ|\u212a|\u200b|\u00ad|\ufe0f|\u{e0041}|\u{1d400}|密|ｶ|ﾞ|\u1100|\u1161|\u11a8|하|Ꭰ|\0|\x7f'
const awkward = fc.constantFrom(...characters.split('|'))
const text = fc.oneof(fc.string({ unit: awkward, maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }))

describe('foldWithOrigin', () => {
  test('folds a text as it folds the pieces that it consists of', () => {
    fc.assert(
      fc.property(fc.string({ unit: awkward, maxLength: 30 }), looked => foldWithOrigin(looked).text === fold(looked)),
      {
        numRuns: 2000,
      },
    )
  })

  const words = fc.array(
    fc.oneof({ weight: 200, arbitrary: fc.constantFrom('कितने की है', 'Йод É', 'ok', 'ｆｕｌｌ') }, awkward),
    {
      minLength: 100,
      maxLength: 400,
    },
  )

  test('folds long texts, in which most is ordinary, as it folds their pieces', () => {
    fc.assert(
      fc.property(words, list => {
        const looked = list.join(' ')
        expect(foldWithOrigin(looked).text).toBe(fold(looked))
      }),
      { numRuns: 300 },
    )
  })

  test('finds the way back from every word of a long text', () => {
    fc.assert(
      fc.property(words, words, (left, right) => {
        const looked = `${left.join(' ')} z\u200bebra ${right.join(' ')}`
        const folded = foldWithOrigin(looked)
        const start = folded.text.indexOf('zebra')
        const origin = folded.origin(start, start + 5)
        expect(looked.slice(origin.start, origin.end)).toBe('z\u200bebra')
      }),
      { numRuns: 300 },
    )
  })

  const partsPair = (folded: string, at: number): boolean =>
    /^[\ud800-\udbff][\udc00-\udfff]/.test(folded.slice(at - 1, at + 1))

  test('every stretch of whole characters comes from a stretch of the original that folds to something with it', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (looked, a, b) => {
        const folded = foldWithOrigin(looked)
        fc.pre(folded.text.length > 0)
        const start = a % folded.text.length
        const end = start + 1 + (b % (folded.text.length - start))
        fc.pre(!partsPair(folded.text, start) && !partsPair(folded.text, end))
        const origin = folded.origin(start, end)
        expect(origin.start).toBeGreaterThanOrEqual(0)
        expect(origin.end).toBeLessThanOrEqual(looked.length)
        expect(origin.end).toBeGreaterThan(origin.start)
        expect(foldWithOrigin(looked.slice(origin.start, origin.end)).text).toContain(folded.text.slice(start, end))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['STRAßE', 'strasse'],
    ['ﬁ', 'fi'],
    ['ΣΑΣ', 'σασ'],
    ['p\u200ba\u00ads\u{e0020}s', 'pass'],
    ['ＰＡＳＳ', 'pass'],
    ['e\u0301', 'é'],
    ['ｶﾞ', 'ガ'],
    ['\u1112\u1161\u11ab', '한'],
  ])('%s becomes %s', (from, to) => {
    expect(foldWithOrigin(from).text).toBe(to)
  })

  test('a long run of marks is cut, for its order would cost its square', () => {
    const marks = '\u0301\u0323'.repeat(1000)
    expect(foldWithOrigin(`a${marks}b`).text).toMatch(/^[^]+b$/)
  })
})
