import { expect, test, vi } from 'vitest'
import type { Detector } from '../../detectors/detector.ts'
import { answer, ask, config, keywords, outcome, request, result, rule, textBlock } from './fixtures.ts'

// A detector that fails is what the real ones do not do on demand.
vi.mock(import('../../detectors/index.ts'), async original => ({
  detectors: {
    ...(await original()).detectors,
    keywords: (): Detector => ({
      name: 'keywords',
      placeholders: [],
      find: () => {
        throw new TypeError('while looking at the secret text')
      },
    }),
    secrets: (): Detector => ({ name: 'secrets', placeholders: [], find: () => [] }),
  },
}))

test.each(['Enforce', 'Audit'] as const)('a detector that fails refuses the message, in %s too', mode => {
  const rules = config(rule({ mode }))
  const refused = { deny: { stage: 'guardrails', code: 'Internal', id: '1', detail: 'guardrails failed: TypeError' } }
  expect(ask(rules, request('tools/call', { name: 'a', arguments: { b: 'c' } }))).toEqual(refused)
  expect(answer(rules, result({ content: [textBlock('any')] }))).toEqual(refused)
  expect(answer(rules, result({ content: [textBlock('any '.repeat(50_000))] }))).toEqual(refused)
})

test('a detector without literals is asked about every message', () => {
  const rules = config(rule({ detector: { secrets: {} } }), rule({ detector: keywords(['a']), channels: ['Prompt'] }))
  expect(outcome(answer(rules, result({ content: [textBlock('any')] })))).toBe('pass')
  expect(outcome(answer(rules, result({ messages: [{ role: 'user', content: textBlock('any') }] })))).toBe(
    'deny Internal',
  )
})
