import { describe, expect, test } from 'vitest'
import type { GuardrailRule } from '../../../gateway/config/guardrails.ts'
import { serverRules } from './rules.ts'

const rule = (more: Partial<GuardrailRule>): GuardrailRule => ({
  detector: { keywords: { words: ['zebra'] } },
  channels: ['Result'],
  action: 'Block',
  mode: 'Enforce',
  ...more,
})

/** One policy for each list of rules, called a, b, c. */
const combined = (...policies: GuardrailRule[][]) =>
  serverRules(policies.map((rules, at) => ({ name: 'abc'[at]!, namespace: 'ns', spec: { servers: ['*'], rules } })))

const words = (texts: string[], matchMode?: 'Word' | 'Substring'): GuardrailRule['detector'] => ({
  keywords: { words: texts, ...(matchMode && { matchMode }) },
})
const secrets = (...allowed: string[]): GuardrailRule['detector'] => ({ secrets: { allowed } })

describe('the rules of several policies', () => {
  test('give each word the strictest action that any gives it, and name the policy that does', () => {
    const [one, two] = combined(
      [rule({ action: 'Warn', detector: words(['zebra', 'lion']) })],
      [rule({ action: 'Redact' })],
    )
    expect(one).toMatchObject({ action: 'Warn', detector: words(['lion']), policy: 'ns/a' })
    expect(two).toMatchObject({ action: 'Redact', detector: words(['zebra']), policy: 'ns/b' })
  })

  test('compare words after NFKC and case folding', () => {
    expect(combined([rule({ action: 'Warn', detector: words(['ＺＥＢＲＡ']) })], [rule({})])).toHaveLength(1)
  })

  test('find a word within others when any of them wants that', () => {
    const rules = combined([rule({ detector: words(['zebra'], 'Substring'), action: 'Warn' })], [rule({})])
    expect(rules).toMatchObject([{ action: 'Block', detector: words(['zebra'], 'Substring') }])
  })

  test('allow only the secrets that all of them allow', () => {
    const rules = combined(
      [rule({ detector: secrets('x', 'y') })],
      [rule({ detector: secrets('z', 'y'), action: 'Warn' })],
    )
    expect(rules).toMatchObject([{ action: 'Block', detector: secrets('y') }])
    expect(combined([rule({ detector: secrets('x') })], [rule({ detector: { secrets: {} } })])[0]?.detector).toEqual({
      secrets: {},
    })
  })

  test('stay apart by channel', () => {
    const rules = combined([rule({ channels: ['Result', 'Prompt'], action: 'Warn' })], [rule({})])
    expect(rules.map(({ action, channels }) => [action, channels])).toEqual([
      ['Warn', ['Prompt']],
      ['Block', ['Result']],
    ])
  })

  test('are never made stricter by one in Audit, which is kept beside them', () => {
    const rules = combined([rule({ action: 'Warn' })], [rule({ mode: 'Audit' })])
    expect(rules.map(({ action, mode }) => [action, mode])).toEqual([
      ['Warn', 'Enforce'],
      ['Block', 'Audit'],
    ])
  })

  test('are never made weaker by one in Audit, which is left out where it adds nothing', () => {
    const rules = combined([rule({})], [rule({ mode: 'Audit', action: 'Warn' })])
    expect(rules.map(({ action, mode }) => [action, mode])).toEqual([['Block', 'Enforce']])
  })

  test('keep one in Audit that would find more', () => {
    expect(combined([rule({})], [rule({ mode: 'Audit', detector: words(['zebra'], 'Substring') })])).toHaveLength(2)
    expect(combined([rule({ detector: secrets('x') })], [rule({ mode: 'Audit', detector: secrets() })])).toHaveLength(2)
  })

  test('lose no detector that this file has never heard of', () => {
    const markings = (level: string) => ({ markings: { levels: [level] } }) as unknown as GuardrailRule['detector']
    const rules = combined(
      [rule({ detector: markings('red'), action: 'Warn' })],
      [rule({ detector: markings('red') }), rule({ detector: markings('amber'), action: 'Redact' })],
    )
    expect(rules.map(({ action, detector }) => [action, detector])).toEqual([
      ['Block', markings('red')],
      ['Redact', markings('amber')],
    ])
  })

  test('hold at most 1,024 words each, however many policies there are', () => {
    const many = (from: number): GuardrailRule[] => [
      rule({ detector: words(Array.from({ length: 1024 }, (_, at) => `word${from + at}`)) }),
    ]
    const rules = combined(many(0), many(1000), many(2000))
    const all = rules.flatMap(one => one.detector.keywords?.words ?? [])
    expect(Math.max(...rules.map(one => one.detector.keywords?.words.length ?? 0))).toBeLessThanOrEqual(1024)
    expect(new Set(all).size).toBe(3024)
  })
})
