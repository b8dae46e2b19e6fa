import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { answer, config, outcome, result, rule, textBlock } from '../../policies/guardrails/fixtures.ts'
import { secrets } from '../secrets.ts'

type Cases = { readonly finds: Record<string, string>; readonly passes: Record<string, string> }

const cases = parse(readFileSync(`${import.meta.dirname}/values.cases.yaml`, 'utf8')) as Cases
const detector = secrets({})

/** The text with what is found between the marks of the cases. */
function marked(text: string, key?: string): string {
  let from = 0
  const parts = detector.find(text, key).map(({ start, end }) => {
    const part = `${text.slice(from, start)}⟦${text.slice(start, end)}⟧`
    from = end
    return part
  })
  return parts.join('') + text.slice(from)
}

const unmarked = (text: string): string => text.replace(/[⟦⟧]/g, '')

describe('a value is found to the end of its syntax', () => {
  test.each(Object.entries(cases.finds))('%s', (_, text) => {
    const wanted = text.replaceAll('¦', '')
    expect(marked(unmarked(wanted))).toBe(wanted)
  })
})

describe('what is no value passes', () => {
  test.each(Object.entries(cases.passes))('%s', (_, text) => expect(marked(text)).toBe(text))
})

const json = (value: unknown): string => JSON.stringify(value)

/** How a value is written in each syntax, and the signs that it can hold there as they are. */
const syntaxes: Readonly<Record<string, { readonly write: (value: string) => string; readonly not?: RegExp }>> = {
  JSON: { write: v => json({ user: 'u', password: `⟦${v}⟧`, x: 1 }) },
  'JSON within JSON': { write: v => json({ a: json({ password: `⟦${v}⟧`, x: 1 }) }) },
  'JSON within JSON within JSON': { write: v => json([json({ a: json({ password: `⟦${v}⟧`, x: 1 }) })]) },
  'quotes of YAML': { write: v => `a: b\npassword: '⟦${v}⟧'\nc: d`, not: /'/ },
  'plain YAML': { write: v => `a: b\npassword: ⟦${v}⟧\nc: d`, not: / #/ },
  'a shell': { write: v => `export DB_PASSWORD='⟦${v}⟧' && ls`, not: /'/ },
  'a program': { write: v => `password = "⟦${v}⟧"; x = 1`, not: /["\\]/ },
  'a template': { write: v => `const password = \`⟦${v}⟧\`;`, not: /[`\\]/ },
  'a flag': { write: v => `tool --password="⟦${v}⟧" --x`, not: /["\\]/ },
  'an attribute': { write: v => `<a password="⟦${v}⟧" b="c"/>`, not: /["\\]/ },
  'an element': { write: v => `<a><password>⟦${v}⟧</password></a>`, not: /</ },
  '.env': { write: v => `A=b\nDB_PASSWORD=⟦${v}⟧\nC=d`, not: /[\s\\]/ },
  'a sentence': { write: v => `The password is ⟦${v}⟧ and that is all`, not: /[\s\\]/ },
  'a flag without quotes': { write: v => `tool --password=⟦${v}⟧ --x`, not: /[\s\\]/ },
  'an address': { write: v => `postgres://u:⟦${v}⟧@h:5432/db`, not: /[\s\\]/ },
  'a query': { write: v => `GET /a?password=⟦${v}⟧&b=c HTTP/1.1`, not: /[\s&#\\]/ },
  'a connection string': { write: v => `Server=h;Password=⟦${v}⟧;Database=d`, not: /[\s;\\]/ },
  'a variable of a container': { write: v => `env:\n- name: PASSWORD\n  value: '⟦${v}⟧'\n- name: X`, not: /'/ },
  'a variable in JSON': { write: v => json([{ name: 'PASSWORD', value: `⟦${v}⟧` }, { name: 'x' }]) },
  'a field of a form': { write: v => `<input value="⟦${v}⟧" name="password"> <b>`, not: /["\\]/ },
  'quotes that hold a setting': { write: v => `run -e 'PASSWORD=⟦${v}⟧' -x`, not: /['\\]/ },
  'a user of curl': { write: v => `curl -u 'me:⟦${v}⟧' https://h`, not: /'/ },
}

const signs = Array.from('&;,)(|<>{}[]#$%^*!?~=:/.-_`\'"\\@éя密').concat(' ', ' & ', ', ', ' #')

describe.each(Object.entries(syntaxes))('in %s', (_, { write, not }) => {
  test.each(signs.filter(sign => not?.test(sign) !== true))('%j is a part of the value', sign => {
    const wanted = write(`abcDEF123${sign}xyz789!`)
    expect(marked(unmarked(wanted))).toBe(wanted)
  })
})

test('nothing of a value is left in what a client gets, however deep its text was quoted', () => {
  const redact = config(rule({ detector: { secrets: {} }, action: 'Redact' }))
  for (const { write, not } of Object.values(syntaxes)) {
    const texts = signs.filter(sign => not?.test(sign) !== true).map(sign => unmarked(write(`abcDEF123${sign}xyz789!`)))
    const content = texts.flatMap(text => [textBlock(text), textBlock(json({ again: text }))])
    const verdict = answer(redact, result({ content, structuredContent: { texts } }))
    const left = 'replace' in verdict ? verdict.replace.toString() : outcome(verdict)
    expect(left.match(/.{0,40}(?:abcDEF|xyz789)/g)).toBeNull()
    expect(outcome(answer(redact, left))).toBe('pass')
  }
})

test('the name of a JSON member makes its whole text a secret', () => {
  const found = (sign: string): unknown => detector.find(`abcDEF123${sign}xyz789!`, 'password').map(({ end }) => end)
  for (const sign of signs) expect(found(sign)).toEqual([`abcDEF123${sign}xyz789!`.length])
})

test('a long value is found as a whole', () => {
  const long = 'k2Lm9Qx7Vb4Nz8Rt5Yw3'.repeat(400)
  expect(marked(`password="${long}" x`)).toBe(`password="⟦${long}⟧" x`)
  expect(marked(`password=${long} x`)).toBe(`password=⟦${long}⟧ x`)
})
