import { expect, test } from 'vitest'
import { printable, printableAll, printableJson, printableLines } from './printable.ts'

test.each([
  ['a colour', 'a\u001b[31mred', 'a?[31mred'],
  ['a title of the terminal', '\u001b]0;gone\u0007', '?]0;gone?'],
  ['an escape in one character', '\u009b2J', '?2J'],
  ['the other C0 and DEL', 'a\u0000b\u0008c\u007f', 'a?b?c?'],
  ['line breaks of any kind', 'a\nb\r\nc\u2028d\u2029e\u0085f\u000bg\th', 'a?b??c?d?e?f?g?h'],
  ['a text that is turned around', 'a\u202egnp.exe\u202c\u2066x\u2069\u200e\u061c', 'a?gnp.exe??x???'],
  ['what has no width', 'ad\u200bmin\u200c\u200d\u2060\ufeff\u00ad\u034f', 'ad?min??????'],
  ['fillers and selectors', 'a\u3164b\u115fc\uffa0d\u180ee\ufe0ff\u{e0101}', 'a?b?c?d?e?f?'],
  ['tags', 'a\u{e0041}\u{e007f}', 'a??'],
  ['halves of a pair', 'a\ud800b\udc00', 'a?b?'],
  ['private use, and what is not assigned', '\ue000\u{f0000}\u{10ffff}\uffff\u0378', '?????'],
  ['interlinear and musical formats', '\ufff9a\ufffb\u{1d173}', '?a??'],
])('%s does not get through', (_, text, shown) => expect(printable(text)).toBe(shown))

test.each([
  'read_file',
  'Größe_prüfen',
  'получить-файл',
  '天気を取得',
  '\u0627\u0644\u0637\u0642\u0633',
  '\u05de\u05d6\u05d2',
  'e\u0301te\u0301',
  '\u0939\u093f\u0928\u094d\u0926\u0940',
  '날씨',
  'weather \u{1f326} 100 % < > & "quoted" \\ {}',
])('%s stays as it is', text => expect(printable(text)).toBe(text))

test('every text in a value is made printable, and nothing else is changed', () => {
  expect(printableAll({ a: ['x\u001b', 1, null, { b: '\u202e' }], c: true })).toEqual({
    a: ['x?', 1, null, { b: '?' }],
    c: true,
  })
  expect(printableLines('a\u001b\nb\n')).toBe('a?\nb\n')
})

test('JSON means the same and holds nothing that commands', () => {
  const value = { text: 'a\u009b\u202e\u2028\u{e0041}\ud800 \u00fc', other: '\u001b' }
  const json = printableJson(JSON.stringify(value))
  expect(JSON.parse(json)).toEqual(value)
  expect(json).toMatch(/^[\x20-\x7e\u00fc]+$/)
})
