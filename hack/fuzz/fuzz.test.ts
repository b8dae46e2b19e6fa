import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rules } from '../../gateway/mcp/rules.ts'
import { fixedSeeds, fuzz, sabotageAll } from './fuzz.ts'
import { missingLanguages, startPeers } from './peers.ts'
import type { Peer } from './peers.ts'

const ci = process.env.CI === 'true'
const inputs = ci ? 2_000_000 : 100_000
const missing = missingLanguages()
let peers: Peer[] = []

beforeAll(() => {
  peers = startPeers()
})

afterAll(() => {
  for (const peer of peers) peer.close()
})

describe('the reader under fuzzing', () => {
  test('whatever it accepts is read alike by every parser, and every rule holds for whatever it refuses', async () => {
    const fresh = randomInt(2 ** 32)
    const lines: string[] = []
    const found = await fuzz([...fixedSeeds, fresh], inputs, peers, line => lines.push(line))
    console.log(lines.join('\n'))
    expect(found).toBeUndefined()
    expect(lines.length).toBe(fixedSeeds.length + 1)
  }, 1_200_000)

  test('without any one of its rules its oracle finds a counterexample', async context => {
    if (missing.length > 0 && !ci) context.skip(`needs ${missing.join(' and ')} as a second parser`)
    const lines: string[] = []
    const unmissed = await sabotageAll(1, inputs, peers, line => lines.push(line))
    expect(unmissed).toEqual([])
    expect(lines.length).toBe(rules.length)
  }, 600_000)

  test('both other parsers are there where it counts', context => {
    if (missing.length > 0 && !ci) context.skip(`${missing.join(' and ')} not installed`)
    expect(peers.map(({ language }) => language)).toEqual(['python', 'go'])
  })
})
