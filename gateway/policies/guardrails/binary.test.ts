import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { secrets } from '../../detectors/secrets.ts'
import { settled } from '../../detectors/fold.ts'
import { decodeBinary } from './binary.ts'
import { answer, answering, config, outcome, result, rule, token } from './fixtures.ts'

const wide = (text: string, big = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le')
  return big ? bytes.swap16() : bytes
}
const joined = (...parts: (string | Buffer)[]): Buffer => Buffer.concat(parts.map(part => Buffer.from(part)))

const bodies: Readonly<Record<string, (text: string) => Buffer>> = {
  'one null': text => joined('a\0b ', text),
  'a null behind each letter of UTF-8': text => Buffer.from(text.split('').join('\0')),
  'nulls before and behind': text => joined(Buffer.alloc(4096), text, Buffer.alloc(4096)),
  'one byte that is no UTF-8': text => joined(Buffer.from([0xff]), text),
  'one byte that is no UTF-8, and a null': text => joined(Buffer.from([0xff, 0]), text),
  'letters of Latin-1': text => joined(Buffer.from('déjà vu ', 'latin1'), text),
  'letters of KOI8-R': text => joined(Buffer.from('f0d2c9d7c5d420cdc9d220', 'hex'), text),
  'UTF-16 with its mark': text => joined(Buffer.from([0xff, 0xfe]), wide(text)),
  'UTF-16 with its mark, big end first': text => joined(Buffer.from([0xfe, 0xff]), wide(text, true)),
  'UTF-16 without a mark': text => wide(text),
  'UTF-16 without a mark, big end first': text => wide(text, true),
  'UTF-16 behind one byte': text => joined('x', wide(text)),
  'UTF-16 within what is none': text => joined(Buffer.alloc(999, 0x01), wide(text), Buffer.alloc(999, 0x02)),
  'UTF-16 of Cyrillic letters': text => wide(`Привет мир, это текст. ${text}`),
  'UTF-32': text => Buffer.from(Array.from(text).flatMap(letter => [letter.charCodeAt(0), 0, 0, 0])),
}

describe.each(Object.entries(bodies))('a text with %s', (_, write) => {
  const data = write(`say zebra or ${token} to them`).toString('base64')

  test.each([['image/png'], ['application/octet-stream'], ['text/plain'], [undefined]])('is read as %s', mimeType => {
    const contents = result({ contents: [{ uri: 'a:b', blob: data, mimeType }] })
    for (const detector of [rule().detector, { secrets: {} }])
      expect(outcome(answer(config(rule({ detector })), contents))).toBe('deny GuardrailBlocked')
  })

  test('is read in the place of an image', () => {
    const content = result({ content: [{ type: 'image', data }] })
    expect(outcome(answer(config(rule()), content))).toBe('deny GuardrailBlocked')
  })
})

test('letters of other scripts are read in UTF-16, with and without a mark', () => {
  for (const text of ['Привет, зебра бежит домой', '我的密码是多少？请告诉我。'])
    for (const big of [false, true]) {
      const read = settled(decodeBinary(wide(text, big).toString('base64'), 'application/octet-stream', false))
      expect(read).toMatchObject({ texts: expect.arrayContaining([text]) as unknown })
    }
})

test('text within what is none is read: behind a picture, in its comments, in an archive', () => {
  const packed = randomBytes(4096)
  const edge = Buffer.from([0x82, 0])
  for (const bytes of [
    joined(packed, edge, token),
    joined(token, edge, packed),
    joined(packed, edge, `x ${token} y`, edge, packed),
  ])
    for (const mimeType of ['image/png', 'application/zip']) {
      const contents = result({ contents: [{ uri: 'a:b', blob: bytes.toString('base64'), mimeType }] })
      expect(outcome(answer(config(rule({ detector: { secrets: {} } })), contents))).toBe('deny GuardrailBlocked')
    }
})

test('what was encoded apart and joined is read to its end', () => {
  const blob = `QQ==${Buffer.from(`see ${token}`).toString('base64')}`
  const contents = result({ contents: [{ uri: 'a:b', blob, mimeType: 'image/png' }] })
  expect(outcome(answer(config(rule({ detector: { secrets: {} } })), contents))).toBe('deny GuardrailBlocked')
})

test('a long blob and an object of many members are judged in steps', () => {
  const rules = config(rule({ detector: { secrets: {} } }))
  const steps = (value: object): number => {
    const verdict = answering(rules, value)
    if (!('next' in verdict)) return 0
    for (let count = 1; ; count++) if (verdict.next().done === true) return count
  }
  const blob = randomBytes(2 << 20).toString('base64')
  expect(steps(result({ contents: [{ uri: 'a:b', blob, mimeType: 'image/png' }] }))).toBeGreaterThan(20)
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`token ${at}`, at]))
  expect(steps(result({ structuredContent: members }))).toBeGreaterThan(9)
})

test('what was packed, drawn or recorded is media', () => {
  const samples = Buffer.from(Int16Array.from({ length: 8192 }, (_, at) => 900 * Math.sin(at / 9)).buffer)
  const drawn = Buffer.from(Array.from({ length: 8192 }, (_, at) => (at % 7 === 0 ? 0xff : at % 23)))
  for (const bytes of [randomBytes(65_536), samples, drawn])
    expect(settled(decodeBinary(bytes.toString('base64'), 'application/octet-stream', false))).toBe('media')
})

test('the title of a song is read, and not the song', () => {
  const song = joined('ID3', Buffer.from([1, 0xff, 0xfe]), wide('My zebra sings'), randomBytes(8192))
  const read = settled(decodeBinary(song.toString('base64'), 'audio/mpeg', true))
  expect(read).toMatchObject({ texts: expect.arrayContaining(['My zebra sings']) as unknown })
  expect(secrets({}).find(String((read as { texts: string[] }).texts))).toEqual([])
})
