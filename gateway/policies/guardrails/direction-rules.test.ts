import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { mint } from '../../../hack/minted.ts'
import { secrets } from '../../detectors/secrets.ts'
import { keywords as keywordDetector } from '../../detectors/keywords.ts'
import { answer, config, keywords, outcome, rule, token } from './fixtures.ts'

const words = ['say"no"', 'a/b', 'zebra', 'nap']
const rulesFor = (words: string[]) => config(rule({ detector: { secrets: {} } }), rule({ detector: keywords(words) }))

const pieces = [
  ...words,
  'c:\\temp',
  'ｚebra',
  token,
  `https://ada:${mint('password')}@a.example`,
  `https://${token}@b.example/`,
  'https://',
  '@',
  ':',
]
const letters = ['\n', '\t', '"', '\\', '/', 'n', 'u', 'é', '\x7f', ' ', 'password', ' = ', 'Xk29vLmQ7']
const text = fc.string({ unit: fc.constantFrom(...pieces, ...letters), maxLength: 6 })

/** One of the ways in which JSON can spell a text. */
const spelled = (of: string, escapes: readonly number[]): string => {
  const units = of.split('').map((unit, at) => {
    const way = escapes[at % escapes.length]!
    if (way === 0) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
    return unit === '/' && way === 1 ? '\\/' : JSON.stringify(unit).slice(1, -1)
  })
  return `"${units.join('')}"`
}

const ways = fc.oneof(
  fc.constant([1]),
  fc.constant([2]),
  fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 8 }),
)

test.each([
  ['', words],
  [', with a term that has a backslash', [...words, 'c:\\temp']],
])('the glance at the bytes lets nothing through that the detectors find%s', (_name, forbidden) => {
  const judging = rulesFor(forbidden)
  const asked = [secrets({}), keywordDetector({ words: forbidden })]
  fc.assert(
    fc.property(text, ways, (looked, escapes) => {
      const message = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":${spelled(looked, escapes)}}]}}`
      const found = asked.some(detector => detector.find(looked, 'text').length > 0)
      expect(outcome(answer(judging, message))).toBe(found ? 'deny GuardrailBlocked' : 'pass')
    }),
    { numRuns: 600 },
  )
})
