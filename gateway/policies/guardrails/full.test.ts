import { expect, test } from 'vitest'
import type { ServerRule } from '../../config/guardrails.ts'
import { answering, config, outcome, result, rule, settled, textBlock } from './fixtures.ts'

const full = (count: number): object => result({ content: [textBlock('zebra '.repeat(count))] })

/** How many turns others get until it is judged. */
function turns(of: ServerRule, message: object): number {
  const steps = answering(config(of), message)
  let count = 0
  if ('next' in steps) while (steps.next().done !== true) count++
  return count
}

test('a text full of a forbidden word is refused at its first window', () => {
  expect(outcome(settled(answering(config(rule()), full(300_000))))).toBe('deny GuardrailBlocked')
  expect(turns(rule(), full(300_000))).toBeLessThan(30)
})

test('what is refused is read no further for a redaction', () => {
  expect(outcome(settled(answering(config(rule({ action: 'Redact' })), full(300_000))))).toBe('deny GuardrailBlocked')
  expect(turns(rule({ action: 'Redact' }), full(300_000))).toBeLessThan(40)
})

test.each(['Block', 'Redact', 'Warn'] as const)('%s in Audit reads all of it in many turns for one finding', action => {
  const audited = rule({ action, mode: 'Audit' })
  const verdict = settled(answering(config(audited), full(300_000)))
  expect(outcome(verdict)).toBe('pass')
  expect(verdict.findings).toHaveLength(1)
  expect(turns(audited, full(300_000))).toBeGreaterThan(150)
})

test('10,000 hits in one text are redacted, more are refused', () => {
  const redacting = config(rule({ action: 'Redact' }))
  expect(outcome(settled(answering(redacting, full(10_000))))).toBe('replace')
  expect(outcome(settled(answering(redacting, full(10_001))))).toBe('deny GuardrailBlocked')
})
