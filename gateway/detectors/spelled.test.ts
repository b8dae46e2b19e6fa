import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answer, config, outcome, result, rule, textBlock, token } from '../policies/guardrails/fixtures.ts'
import { settled } from './fold.ts'
import { secrets } from './secrets.ts'
import { isOdd, spelledInSteps } from './spelled.ts'

const each =
  (write: (letter: string, at: number) => string) =>
  (text: string): string =>
    Array.from(text, write).join('')
const everyThird = (sign: string): ((text: string) => string) =>
  each((letter, at) => (at % 3 === 1 ? sign + letter : letter))
const hex = (letter: string, digits: number): string => letter.charCodeAt(0).toString(16).padStart(digits, '0')
/** The letter of a block of Unicode that holds ASCII once more. */
const shifted =
  (upper: number, lower: number, digit: number) =>
  (letter: string): string => {
    const code = letter.charCodeAt(0)
    if (/[A-Z]/.test(letter)) return String.fromCodePoint(upper + code - 0x41)
    if (/[a-z]/.test(letter)) return String.fromCodePoint(lower + code - 0x61)
    return /\d/.test(letter) ? String.fromCodePoint(digit + code - 0x30) : letter
  }
const spellings: Readonly<Record<string, (text: string) => string>> = {
  'zero-width spaces': everyThird('\u200b'),
  'joiners and non-joiners': everyThird('\u200d\u200c'),
  'word joiners': everyThird('\u2060'),
  'soft hyphens': everyThird('\u00ad'),
  'grapheme joiners': everyThird('\u034f'),
  'variation selectors': everyThird('\ufe0f'),
  'further variation selectors': everyThird('\u{e0100}'),
  tags: everyThird('\u{e0041}'),
  'signs of direction': everyThird('\u202e\u2066\u200f'),
  'byte order marks': everyThird('\ufeff'),
  'a null behind each letter': each(letter => `${letter}\0`),
  'three nulls before each letter': each(letter => `\0\0\0${letter}`),
  'controls of the terminal': everyThird('\u0008'),
  'full-width letters': each(letter =>
    /[!-~]/.test(letter) ? String.fromCodePoint(letter.charCodeAt(0) + 0xfee0) : letter,
  ),
  'mathematical letters': each(shifted(0x1d400, 0x1d41a, 0x1d7ce)),
  'letters of one width': each(shifted(0x1d670, 0x1d68a, 0x1d7f6)),
  'escapes of JSON': each(letter => `\\u${hex(letter, 4)}`),
  'escapes of JSON, twice': each(letter => `\\\\u${hex(letter, 4).toUpperCase()}`),
  'escapes of JavaScript': each(letter => `\\u{${hex(letter, 2)}}`),
  'escapes of bytes': each(letter => `\\x${hex(letter, 2)}`),
  'decimal entities': each(letter => `&#${letter.charCodeAt(0)};`),
  'hexadecimal entities': each(letter => `&#x${hex(letter, 2)};`),
  'percent signs': each(letter => `%${hex(letter, 2).toUpperCase()}`),
  'colours of a terminal': everyThird('\x1b[1;31m'),
  'percent signs before signs': each(letter => (/\w/.test(letter) && letter !== '_' ? letter : `%${hex(letter, 2)}`)),
  'named entities': text => text.replaceAll('_', '&lowbar;').replaceAll('=', '&equals;').replaceAll('&x', '&amp;x'),
  'a few escapes': each((letter, at) => (at === 2 ? `\\u${hex(letter, 4)}` : letter)),
  'zero-width spaces in escapes': everyThird('\\u200b'),
}

describe.each(Object.entries(spellings))('a secret spelled with %s', (_, spell) => {
  const stretches = (text: string): string[] =>
    secrets({})
      .find(text)
      .map(({ start, end }) => text.slice(start, end))

  test('is found as a whole', () => {
    for (const before of ['', 'see ', 'é ']) {
      // An invisible sign at the end belongs to the last letter.
      const spelled = spell(token)
      const found = stretches(`${before}${spelled} and so on`)
      expect(found).toHaveLength(1)
      expect([spelled, spelled.slice(0, -1), spelled.replace(/^\0+/, '')]).toContain(found[0])
    }
  })

  test('is found when it is assigned', () => {
    const value = spell('abcDEF123&xyz789!')
    const text = `${spell('password')}="${value}" and so on`
    // Invisible signs at either end may stay.
    expect(stretches(text).join('')).toContain(value.slice(3, -3))
  })

  test('is found far behind, in a text that is first asked whether it may hold anything', () => {
    for (const length of [100, 10_000, 100_000]) {
      const text = `${'a '.repeat(length / 2)}${spell(token)} and so on`
      const content = result({ content: [textBlock(text)] })
      expect(outcome(answer(config(rule({ detector: { secrets: {} } })), content))).toBe('deny GuardrailBlocked')
    }
  })

  test('is redacted to the last letter, and what is left says nothing', () => {
    const text = `see ${spell(token)} and so on`
    const redacted = answer(
      config(rule({ detector: { secrets: {} }, action: 'Redact' })),
      result({ content: [textBlock(text)] }),
    )
    if (!('replace' in redacted)) throw new Error(outcome(redacted))
    const left = (JSON.parse(redacted.replace.toString()) as { result: { content: { text: string }[] } }).result
    expect(left.content[0]!.text.replaceAll('\0', '')).toBe('see [redacted:github-token] and so on')
  })
})

test('a text of plain letters is read once', () => {
  for (const text of ['', 'a [b] {c} <d> "e" \'f\' ~ ` ^', `key ${token}`, 'a\tb\r\nc']) expect(isOdd(text)).toBe(false)
  for (const text of ['é', '100 %', 'a & b', 'C:\\x']) expect(settled(spelledInSteps(text))?.text ?? text).toBe(text)
})

test('every stretch of what is read comes from within the text, in order', () => {
  const pieces = fc.constantFrom(
    'a',
    'é',
    'ｆ',
    '\u200b',
    '\0',
    '\\u0041',
    '\\x41',
    '&#65;',
    '&amp;',
    '%41',
    '\\u200b',
    'ﬁ',
    '\u0301',
    '𝐀',
    '%',
    '&',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), parts => {
      const text = parts.join('')
      const read = settled(spelledInSteps(text))
      if (read === undefined) return
      let last = 0
      for (let at = 0; at < read.text.length; at++) {
        const { start, end } = read.origin(at, at + 1)
        expect(start).toBeGreaterThanOrEqual(last)
        expect(end).toBeLessThanOrEqual(text.length)
        last = start
      }
    }),
  )
})
