import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../exchange.ts'
import { member, spelled, Tally } from './members.ts'

const read = (text: string): unknown => JSON.parse(`"${text}"`)

describe('a text in a line', () => {
  test('is ASCII within its bound, and what is left of it reads as it was', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 60 }))
    fc.assert(
      fc.property(texts, fc.integer({ min: 16, max: 100 }), (text, most) => {
        const out = spelled(text, most)
        expect(out).toMatch(/^[ -~]*$/)
        expect(out.length).toBeLessThanOrEqual(most)
        const back = read(out) as string
        if (back === text) return
        expect(back.endsWith('...')).toBe(true)
        expect(text.startsWith(back.slice(0, -3))).toBe(true)
      }),
    )
  })

  test.each([
    ['plain', 20, 'plain'],
    ['a"b\\c\n', 20, 'a\\"b\\\\c\\u000a'],
    ['\u202e\u2028é', 20, '\\u202e\\u2028\\u00e9'],
    ['x'.repeat(21), 20, `${'x'.repeat(17)}...`],
    ['😀'.repeat(3), 30, `${'\\ud83d\\ude00'.repeat(2)}...`],
    ['\ud83d', 20, '\\ud83d'],
    ['é'.repeat(1_000_000), 20, '\\u00e9\\u00e9...'],
  ])('%#: is spelled so that nothing can cut or command with it', (text, most, out) =>
    expect(spelled(text, most)).toBe(out),
  )

  test('that is not there leaves its member out', () => {
    expect([member('a', undefined, 9), member('a', 'b', 9)]).toEqual(['', ',"a":"b"'])
  })
})

describe('findings in a line', () => {
  const finding = (rule: string): Finding => ({
    detector: 'keywords',
    rule,
    channel: 'Result',
    policy: 'GuardrailPolicy default/g',
    action: 'Warn',
    mode: 'Enforce',
  })
  const shown = (tally: Tally, room = 7000) =>
    JSON.parse(`{"x":0${tally.text(room)}}`) as { findings?: (Finding & { count?: number })[]; findings_total?: number }

  test('stand there once, with how often they were seen', () => {
    const tally = new Tally().add([finding('a'), finding('b'), finding('a')])
    expect(shown(tally)).toEqual({
      x: 0,
      findings: [{ ...finding('a'), count: 2 }, finding('b')],
      findings_total: 3,
    })
    expect(shown(new Tally().add([finding('a')]))).toEqual({ x: 0, findings: [finding('a')] })
    expect(shown(new Tally())).toEqual({ x: 0 })
  })

  test.each([0, 100, 500, 7000])('fit into %d bytes, and the total is there all the same', room => {
    const tally = new Tally()
    for (let at = 0; at < 5000; at += 1) tally.add([finding(`${at} ${'ü'.repeat(100)}`)])
    expect(tally.text(room).length).toBeLessThanOrEqual(Math.max(room, 100))
    expect(shown(tally, room).findings_total).toBe(5000)
    expect(shown(tally, room).findings!.length).toBeLessThanOrEqual(32)
  })
})
