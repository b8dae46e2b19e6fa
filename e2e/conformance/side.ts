import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Check, Results } from './compare.ts'
import { alone, type Leg } from './legs.ts'
import { rawChecks, rawScenario } from './raw-checks.ts'
import { runSuite } from './suite.ts'

/** One of the two things that are compared: an address, and the folder for what the suite writes about it. */
export type Side = { readonly name: string; readonly url: string; readonly output: string }

export type SideRun = { readonly results: Results; readonly passed: boolean }

/** A leg of the suite and our own checks, against one side. */
export async function runSide(leg: Leg, side: Side): Promise<SideRun> {
  const folder = join(side.output, leg.revision, side.name)
  const { results, passed } = await runSuite(leg, side.url, folder)
  const raw = await rawChecks(side.url, leg.revision)
  await writeFile(join(folder, 'raw.json'), JSON.stringify(raw, undefined, 2))
  return { results: new Map([...results, [rawScenario, raw]]), passed }
}

/** One scenario alone. */
export async function rerunScenario(leg: Leg, scenario: string, side: Side): Promise<readonly Check[]> {
  if (scenario === rawScenario) return rawChecks(side.url, leg.revision)
  const output = join(side.output, leg.revision, `${side.name}-again`, scenario)
  return (await runSuite(alone(leg, scenario), side.url, output)).results.get(scenario) ?? []
}
