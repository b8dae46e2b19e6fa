import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { automaton } from './automaton.ts'

const letters = fc.constantFrom('a', 'b', 'c', 'A', 'B', '-', '密', '码', '\u{1d41a}')
const text = fc.string({ unit: letters, maxLength: 60 })
const needles = fc.array(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', '密', '码'), minLength: 1, maxLength: 6 }),
  {
    minLength: 1,
    maxLength: 12,
  },
)

const lower = (of: string): string => of.replace(/[A-Z]/g, letter => letter.toLowerCase())

function found(search: ReturnType<typeof automaton>, wanted: readonly string[], looked: string): string[] {
  const places: string[] = []
  search.candidates(looked, (needle, start) => {
    if (lower(looked).startsWith(wanted[needle]!, start)) places.push(`${needle}@${start}`)
  })
  return [...new Set(places)].sort()
}

const naive = (wanted: readonly string[], looked: string): string[] =>
  wanted
    .flatMap((needle, index) =>
      Array.from(looked, (_, at) => at)
        .concat(Array.from({ length: looked.length }, (_, at) => at))
        .filter(at => lower(looked).startsWith(needle, at))
        .map(at => `${index}@${at}`),
    )
    .filter((place, index, all) => all.indexOf(place) === index)
    .sort()

describe('automaton', () => {
  test.each([1 << 20, 60, 4])('finds what a search for each needle finds, in a table of %d cells', cells => {
    fc.assert(
      fc.property(needles, text, (wanted, looked) => {
        const search = automaton(wanted, cells)
        expect(found(search, wanted, looked)).toEqual(naive(wanted, looked))
      }),
    )
  })

  test('touches whatever holds a needle, and in a whole table nothing else', () => {
    fc.assert(
      fc.property(needles, text, (wanted, looked) => {
        const ascii = wanted.filter(needle => /^[ -~]+$/.test(needle))
        const search = automaton(ascii)
        expect(search.touches(looked)).toBe(naive(ascii, looked).length > 0)
      }),
    )
  })

  test('sees the same in bytes as in text', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'B', '-'), maxLength: 60 })
    fc.assert(
      fc.property(needles, plain, (wanted, looked) => {
        const search = automaton(wanted)
        expect(search.touchesBytes(Buffer.from(looked))).toBe(search.touches(looked))
      }),
    )
  })

  test('a raw delete does not hide a needle', () => {
    expect(automaton(['zebra']).touchesBytes(Buffer.from('ze\x7f\x7fbra'))).toBe(true)
  })

  test('without needles nothing is touched', () => {
    expect(automaton([]).touches('abc')).toBe(false)
  })

  test('many long needles share a table that does not grow with them', () => {
    const many = Array.from({ length: 1024 }, (_, index) => `${index}`.padStart(256, 'abcdefgh'))
    const search = automaton(many)
    const places: number[] = []
    const looked = `x${many[7]}y`
    search.candidates(looked, (needle, start) => {
      if (looked.startsWith(many[needle]!, start)) places.push(needle, start)
    })
    expect(places).toEqual([7, 1])
  })
})
