import { describe, expect, test } from 'vitest'
import { mint } from '../../../hack/minted.ts'
import type { ServerRule } from '../../config/guardrails.ts'
import { pass, type Verdict } from '../../exchange.ts'
import { answer, ask, config, keywords, outcome, request, result, rule, textBlock, token } from './fixtures.ts'

describe('actions', () => {
  const secrets: ServerRule['detector'] = { secrets: {} }
  const redacting = config(rule({ detector: secrets, action: 'Redact' }))
  const leak = result({ content: [textBlock(`it is ${token}, keep it`)] })
  const replaced = (verdict: Verdict): unknown =>
    'replace' in verdict ? JSON.parse(verdict.replace.toString()) : undefined

  test('a refusal names policy, detector and rule, and never the text', () => {
    const verdict = answer(config(rule()), result({ content: [textBlock('a zebra')] }))
    expect(verdict).toMatchObject({
      deny: {
        stage: 'guardrails',
        code: 'GuardrailBlocked',
        id: '1',
        text: 'Blocked by guardrail policy "team/animals": keywords/keyword 1',
      },
    })
    expect(JSON.stringify(verdict)).not.toContain('zebra')
  })

  test('a secret is redacted where it stands', () => {
    const verdict = answer(redacting, leak)
    expect(replaced(verdict)).toEqual(result({ content: [textBlock('it is [redacted:github-token], keep it')] }))
    expect(verdict.findings).toEqual([
      {
        detector: 'secrets',
        rule: 'github-token',
        channel: 'Result',
        policy: 'team/animals',
        action: 'Redact',
        mode: 'Enforce',
      },
    ])
  })

  test('what was redacted passes when it is judged again', () => {
    const verdict = answer(redacting, leak)
    expect(outcome(answer(redacting, 'replace' in verdict ? verdict.replace.toString() : ''))).toBe('pass')
  })

  test('a keyword that is part of a placeholder does not find it', () => {
    const both = config(
      rule({ detector: secrets, action: 'Redact' }),
      rule({ detector: keywords(['github', 'token']) }),
    )
    const verdict = answer(both, leak)
    expect(outcome(verdict)).toBe('replace')
    expect(outcome(answer(both, 'replace' in verdict ? verdict.replace.toString() : ''))).toBe('pass')
    expect(outcome(answer(both, result({ content: [textBlock('[redacted:token]')] })))).toBe('deny GuardrailBlocked')
  })

  test('two detectors that see the same stretch redact all of it once', () => {
    const words = { keywords: { words: ['is ghp'], matchMode: 'Substring' as const } }
    const both = config(rule({ detector: secrets, action: 'Redact' }), rule({ detector: words, action: 'Redact' }))
    expect(replaced(answer(both, leak))).toEqual(result({ content: [textBlock('it [redacted:keyword], keep it')] }))
  })

  test('the strictest action wins, whatever the order', () => {
    const rules = [rule({ action: 'Warn' }), rule({ action: 'Redact' }), rule({ action: 'Block' })]
    const message = result({ content: [textBlock('zebra')] })
    const outcomes = (list: ServerRule[]): string => outcome(answer(config(...list), message))
    expect(outcomes(rules)).toBe('deny GuardrailBlocked')
    expect(outcomes(rules.toReversed())).toBe('deny GuardrailBlocked')
    expect(outcomes(rules.slice(0, 2))).toBe('replace')
    expect(outcomes(rules.slice(0, 1))).toBe('pass')
    expect(answer(config(...rules), message).findings).toHaveLength(3)
  })

  test('Warn passes with a finding', () => {
    const verdict = answer(config(rule({ action: 'Warn' })), result({ content: [textBlock('zebra')] }))
    expect(verdict).toEqual({
      pass: true,
      findings: [
        {
          detector: 'keywords',
          rule: 'keyword 1',
          channel: 'Result',
          policy: 'team/animals',
          action: 'Warn',
          mode: 'Enforce',
        },
      ],
    })
  })

  test.each(['Block', 'Redact', 'Warn'] as const)('%s in Audit only records', action => {
    const verdict = answer(config(rule({ action, mode: 'Audit' })), result({ content: [textBlock('zebra')] }))
    expect(outcome(verdict)).toBe('pass')
    expect(verdict.findings).toMatchObject([{ action, mode: 'Audit' }])
  })

  test('Audit beside Enforce leaves both findings', () => {
    const rules = config(rule({ mode: 'Audit', policy: 'a' }), rule({ action: 'Redact', policy: 'b' }))
    const verdict = answer(rules, result({ content: [textBlock('zebra')] }))
    expect(outcome(verdict)).toBe('replace')
    expect(verdict.findings?.map(({ policy }) => policy)).toEqual(['a', 'b'])
  })

  test.each([
    ['the name of a tool', request('tools/call', { name: 'zebra', arguments: {} })],
    ['a uri', request('resources/read', { uri: 'zebra' })],
    ['the id of a task', request('tasks/get', { taskId: 'zebra' })],
    ['the name of an argument', request('tools/call', { name: 'a', arguments: { zebra: 1 } })],
  ])('%s cannot be redacted, so it is refused', (_name, message) => {
    expect(outcome(ask(config(rule({ action: 'Redact' })), message))).toBe('deny GuardrailBlocked')
    expect(outcome(ask(config(rule({ action: 'Redact', mode: 'Audit' })), message))).toBe('pass')
  })

  test('a value beside a name is redacted', () => {
    const message = request('tools/call', { name: 'a', arguments: { name: 'zebra', uri: 'zebra' } })
    const verdict = ask(config(rule({ action: 'Redact' })), message)
    const clean = { name: '[redacted:keyword]', uri: '[redacted:keyword]' }
    expect(replaced(verdict)).toEqual(request('tools/call', { name: 'a', arguments: clean }))
  })

  test('the name of a member tells that its value is a secret', () => {
    const value = mint('password')
    const message = result({ structuredContent: { api_key: value, id: value } })
    const clean = { api_key: '[redacted:assigned-secret]', id: value }
    expect(replaced(answer(redacting, message))).toEqual(result({ structuredContent: clean }))
  })

  test('without a rule nothing is looked at', () => {
    expect(answer(config(), leak)).toEqual({ pass: true })
    expect(answer(config(rule({ detector: secrets, channels: ['Arguments'] })), leak)).toEqual({ pass: true })
  })

  test('a message full of findings names each once', () => {
    const content = Array.from({ length: 300 }, () => textBlock('zebra'))
    expect(answer(config(rule({ action: 'Warn' })), result({ content })).findings).toHaveLength(1)
  })
})

describe('a message that is let through at a glance', () => {
  const rules = config(
    rule({ detector: { secrets: {} }, action: 'Block' }),
    rule({ detector: keywords(['say "no"', 'a/b']) }),
  )
  const password = mint('password')
  const address = 'https://ada:<password>@a.example/'
  const spelled = (text: string, by: (json: string) => string): string => {
    const content = [textBlock(text.replace('<password>', password))]
    return outcome(answer(rules, by(JSON.stringify(result({ content })))))
  }

  test.each([
    `first\n${token}`,
    `first\\${token}`,
    'a\tsay "no"\n',
    'see a/b\r\n',
    `{"Authorization": "Bearer ${token}"}\n`,
    `${address}\n`,
    `https://${token}@a.example/`,
  ])('does not hide behind escapes: %j', text => expect(spelled(text, json => json)).toBe('deny GuardrailBlocked'))

  test.each<[string, (json: string) => string]>([
    ['every letter escaped', json => json.replace(/[xv7]/g, letter => `\\u00${letter.charCodeAt(0).toString(16)}`)],
    ['slashes escaped', json => json.replaceAll('/', '\\/')],
    ['colons escaped', json => json.replace('https:', 'https\\u003a')],
  ])('does not hide an address with a password: %s', (_name, by) =>
    expect(spelled(address, by)).toBe('deny GuardrailBlocked'),
  )

  test.each(['https://a.example/b', 'me@a.example', 'https://a.example/b by me@a.example', 'the token count\n'])(
    'is the constant that all share: %j',
    text => expect(answer(rules, result({ content: [textBlock(text)] }))).toBe(pass),
  )
})
