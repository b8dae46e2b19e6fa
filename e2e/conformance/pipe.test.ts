import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Child } from './child.ts'
import { startFixture } from './endpoints.ts'
import { addedBySabotage, compareLeg, type LegReport } from './leg-report.ts'
import { legs, type Leg } from './legs.ts'
import { sabotages, type Sabotage } from './sabotages.ts'
import { startShim } from './shim.ts'
import type { Side } from './side.ts'

// The gateway is left out here: what is tested is that the comparison itself finds defects and nothing else.
// @slow the whole suite of conformance, again and again
let fixture: Child
let output: string
const before = new Map<string, LegReport>()

beforeAll(async () => {
  output = await mkdtemp(join(tmpdir(), 'bartizan-pipe-'))
  fixture = await startFixture()
})

afterAll(async () => {
  await fixture.stop()
  await rm(output, { recursive: true, force: true })
})

const legOf = (revision: string): Leg => legs.find(leg => leg.revision === revision)!

async function throughPipe<T>(run: (pipe: Side) => Promise<T>, sabotage?: Sabotage): Promise<T> {
  const shim = await startShim({ target: fixture.port, ...(sabotage && { sabotage }) })
  try {
    return await run({ name: 'pipe', url: shim.url, output })
  } finally {
    await shim.stop()
  }
}

/** Scenarios of each leg, as protocol.md section 12.2 has them. */
const baseline = [
  ['2025-06-18', 27],
  ['2025-11-25', 33],
  ['2026-07-28', 50],
] as const

describe('a pipe that keeps Host', () => {
  test.each(baseline)('makes no difference at %s, where %i scenarios run', async (revision, scenarios) => {
    const direct = { name: 'direct', url: `http://127.0.0.1:${fixture.port}/mcp`, output }
    const report = await throughPipe(pipe => compareLeg(legOf(revision), direct, pipe))
    before.set(revision, report)
    expect(report.found).toEqual([])
    expect(report.scenarios).toBe(scenarios)
    expect(report.directPassed).toBe(true)
  })
})

describe('a pipe that is broken on purpose', () => {
  test.each(sabotages)('shows as differences: $name', async sabotage => {
    const { leg } = sabotage
    const added = await throughPipe(pipe => addedBySabotage(legOf(leg), before.get(leg)!, pipe), sabotage)
    expect(added.map(({ scenario, id }) => ({ scenario, id }))).toContainEqual(sabotage.shows)
  })
})
