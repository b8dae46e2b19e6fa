import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ServerRule } from '../../config/guardrails.ts'
import { answer, answering, config, outcome, result, rule, settled, textBlock, token } from './fixtures.ts'

const secrets: ServerRule['detector'] = { secrets: {} }
const redacting = config(rule({ detector: secrets, action: 'Redact' }), rule({ action: 'Redact' }))

/** Texts with a secret, a keyword in several spellings, or neither. */
const text = fc
  .array(
    fc.constantFrom(
      token,
      'zebra',
      'ZE\u00adBRA',
      'ｚｅｂｒａ',
      ' ',
      'a "quoted" one',
      'é\\n',
      '\u{1f993}',
      '\n',
      '1.0',
    ),
    {
      maxLength: 6,
    },
  )
  .map(parts => parts.join(' '))
const value = fc.letrec(tie => ({
  any: fc.oneof({ depthSize: 'small' }, text, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'é', '"', 'b'), maxLength: 4 }), tie('any'), {
    maxKeys: 4,
  }),
}))

/** One of the ways to write the same JSON: every string with escapes that need not be there, white space, long numbers. */
function spelled(json: unknown, odd: boolean): string {
  if (typeof json === 'string') return odd ? JSON.stringify(json).replaceAll('a', '\\u0061') : JSON.stringify(json)
  if (typeof json === 'number') return `${json}${odd ? '.0' : ''}`
  if (Array.isArray(json)) return `[${json.map(item => spelled(item, !odd)).join(odd ? ' ,\n' : ',')}]`
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  const members = Object.entries(json).map(([name, inner]) => `${JSON.stringify(name)} : ${spelled(inner, !odd)}`)
  return `{ ${members.join(odd ? ',' : ' , ')} }`
}

const strings = (json: unknown): string[] =>
  typeof json === 'string'
    ? [json]
    : typeof json === 'object' && json !== null
      ? Object.values(json).flatMap(strings)
      : []

/** The bytes with every string token taken out. */
const skeleton = (bytes: string): string => bytes.replace(/"(?:[^"\\]|\\.)*"/g, '""')

const isDirty = (of: string): boolean => of.includes(token) || /ze\u00ad?bra|ｚｅｂｒａ/i.test(of)

describe('redaction', () => {
  test('changes the tokens of the strings that hold something, and no other byte', () => {
    fc.assert(
      fc.property(value.any, fc.boolean(), (structuredContent, odd) => {
        const body = `{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":${spelled(structuredContent, odd)}}}`
        const verdict = answer(redacting, body)
        const before = strings(structuredContent)
        expect(outcome(verdict)).toBe(before.some(isDirty) ? 'replace' : 'pass')
        if (!('replace' in verdict)) return
        const bytes = verdict.replace.toString()
        expect(skeleton(bytes)).toBe(skeleton(body))
        const after = strings(
          (JSON.parse(bytes) as { result: { structuredContent: unknown } }).result.structuredContent,
        )
        expect(after).toHaveLength(before.length)
        expect(after.some(isDirty)).toBe(false)
        expect(after.filter((_, index) => !isDirty(before[index]!))).toEqual(before.filter(old => !isDirty(old)))
        expect(outcome(answer(redacting, bytes))).toBe('pass')
      }),
      { numRuns: 500 },
    )
  })

  test('keeps the spelling of a string beside the one it changes', () => {
    const body = `{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"n":1.50,"s":"\\u0061\\/","z":"a \\u007aebra"}}}`
    const verdict = answer(redacting, body)
    expect('replace' in verdict && verdict.replace.toString()).toBe(
      body.replace('a \\u007aebra', 'a [redacted:keyword]'),
    )
  })

  test('ends when a replacement makes a new finding with what stands beside it', () => {
    const words = (list: string[]): ServerRule =>
      rule({ detector: { keywords: { words: list, matchMode: 'Substring' } }, action: 'Redact' })
    const rules = config(words(['zebra', 'x[']))
    const verdict = answer(rules, result({ content: [textBlock('xxzebra')] }))
    expect(outcome(verdict)).toBe('replace')
    expect(outcome(answer(rules, 'replace' in verdict ? verdict.replace.toString() : ''))).toBe('pass')
  })

  test('what cannot be made clean is refused', () => {
    const words = rule({ detector: { keywords: { words: ['x[', 'a'], matchMode: 'Substring' } }, action: 'Redact' })
    expect(outcome(answer(config(words), result({ content: [textBlock('xxxxxxxxxxa')] })))).toBe(
      'deny GuardrailBlocked',
    )
  })
})

describe('long texts', () => {
  const filling = (length: number): string => 'lorem ipsum dolor. '.repeat(Math.ceil(length / 19)).slice(0, length)
  const long = (at: number, what: string): string => `${filling(at)} ${what} ${filling(300_000 - at)}`

  test.each([0, 45_000, 45_056, 65_500, 65_520, 65_536, 65_600, 90_112, 131_072, 299_000])(
    'a secret at %d is found and redacted',
    at => {
      const verdict = answer(redacting, result({ content: [textBlock(long(at, token))] }))
      const clean = result({ content: [textBlock(long(at, '[redacted:github-token]'))] })
      expect('replace' in verdict && JSON.parse(verdict.replace.toString())).toEqual(clean)
    },
  )

  test('the seams of windows make no words', () => {
    const text = `${filling(100_000)}${'zebras'.repeat(40_000)} ${filling(100_000)}`
    expect(outcome(answer(redacting, result({ content: [textBlock(text)] })))).toBe('pass')
  })

  test('are judged in steps, short ones at once', () => {
    const steps = answering(redacting, result({ content: [textBlock(long(5, token))] }))
    expect('next' in steps && steps.next().done).toBe(false)
    expect(outcome(settled(steps))).toBe('replace')
    expect('next' in answering(redacting, result({ content: [textBlock(token)] }))).toBe(false)
  })

  test('in long lists within each other every string is judged', () => {
    const grid = (at: (row: number, column: number) => string): string[][] =>
      Array.from({ length: 90 }, (_, row) => Array.from({ length: 70 }, (_, column) => at(row, column)))
    const holding = (text: string): object =>
      result({
        structuredContent: { grid: grid((row, column) => ((row + column) % 7 === 0 ? text : 'a dog')), last: text },
      })
    const steps = answering(redacting, holding(token))
    expect('next' in steps && steps.next().done).toBe(false)
    const verdict = settled(steps)
    expect('replace' in verdict && JSON.parse(verdict.replace.toString())).toEqual(holding('[redacted:github-token]'))
  })

  test('many strings are judged in steps', () => {
    const content = Array.from({ length: 500 }, () => textBlock(`zebra ${filling(600)}`))
    const steps = answering(redacting, result({ content }))
    expect('next' in steps && steps.next().done).toBe(false)
    expect(outcome(settled(steps))).toBe('replace')
  })
})
