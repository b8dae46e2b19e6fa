import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mint } from '../../../hack/minted.ts'
import { type Detector, type Hit, merged } from '../../detectors/detector.ts'
import { keywords } from '../../detectors/keywords.ts'
import { secrets } from '../../detectors/secrets.ts'
import { findHits } from './find.ts'
import { token } from './fixtures.ts'

const LENGTH = 150_000
/** Where a window begins or ends. */
const seams = [61_440, 98_304, 122_880]

const inWindows = (detector: Detector, text: string): Hit[] => {
  const hits: Hit[] = []
  for (const _turn of findHits(detector, text, undefined, hit => hits.push(hit) > 0)) continue
  return hits
}

/** The hits that windows miss, wholly or in part. */
const missing = (detector: Detector, text: string): Hit[] => {
  const covered = merged(inWindows(detector, text))
  return detector.find(text).filter(({ start, end }) => {
    let at = start
    for (const hit of covered) if (hit.start <= at && hit.end > at) at = hit.end
    return at < end
  })
}

const random = (length: number): string =>
  mint('filling')
    .repeat(Math.ceil(length / 43))
    .slice(0, length)
const pem = ['-----BEGIN', 'PRIVATE', 'KEY-----'].join(' ')
const pieces = [
  token,
  `x${token}`,
  'zebra',
  'zebra zebra,zebra',
  'azebra',
  `${pem}${random(9000)} ${token} ${random(7000)}`,
  ` ZXlK${random(8000)}`,
  `eyJ${random(2000)}.${random(8100)}.${random(2000)}`,
  `aeyJ${random(2000)}.${random(8100)}.eyJ${random(2000)}.${random(8100)}.${random(2000)}`,
]

/** At a random place, or near to a seam. */
const place = fc.oneof(
  fc.nat(LENGTH),
  fc.tuple(fc.constantFrom(...seams), fc.integer({ min: -37_000, max: 600 })).map(([seam, by]) => seam + by),
)
const placed = fc.array(fc.record({ at: place, piece: fc.constantFrom(...pieces) }), { minLength: 1, maxLength: 8 })

const textOf = (parts: readonly { at: number; piece: string }[]): string => {
  let text = ''
  for (const { at, piece } of parts.toSorted((a, b) => a.at - b.at)) {
    // What has no room stands at once behind the one before.
    text += 'lorem ipsum '.repeat(LENGTH / 12).slice(0, Math.max(0, at - text.length)) + piece
  }
  return text.padEnd(LENGTH, ' dolor')
}

describe('in windows', () => {
  test.each<[string, Detector]>([
    ['secrets', secrets({})],
    ['keywords', keywords({ words: ['zebra', 'zebra zebra'] })],
  ])('%s are covered as they are in the whole text', (_name, detector) => {
    fc.assert(
      fc.property(placed, parts => {
        expect(missing(detector, textOf(parts))).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  test('a token in a chain of hits that is longer than a window overlaps is found', () => {
    const text = `${'lorem ipsum '.repeat(6495)}${pem}${random(8000)} ${token} ${random(7000)} ZXlK${random(8100)} `
    expect(missing(secrets({}), text.padEnd(LENGTH, ' dolor'))).toEqual([])
  })

  test('what only a cut makes a word is none, also when the word itself follows', () => {
    // The second window begins behind the first letter.
    const text = `${'lorem ipsum '.repeat(6000).slice(0, 61_439)}azebra and a zebra`.padEnd(LENGTH, ' dolor')
    const found = inWindows(keywords({ words: ['zebra'] }), text).map(({ start }) => start)
    expect([...new Set(found)]).toEqual([text.lastIndexOf('zebra')])
  })

  test('no window is read once enough was found', () => {
    let turns = 0
    const text = 'zebra '.repeat(100_000)
    for (const _turn of findHits(keywords({ words: ['zebra'] }), text, undefined, () => false)) turns++
    let all = 0
    for (const _turn of findHits(keywords({ words: ['zebra'] }), text, undefined, () => true)) all++
    expect(turns).toBeLessThan(all / 8)
  })
})
