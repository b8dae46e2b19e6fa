import { countChecks, differences, looksBroken, unlike, type Difference, type Results } from './compare.ts'
import { hurried, type Leg } from './legs.ts'
import { rawScenario } from './raw-checks.ts'
import { rerunScenario, runSide, type Side } from './side.ts'

/** What came out of one leg, direct and through the gateway. */
export type LegReport = {
  readonly leg: string
  readonly scenarios: number
  readonly checks: number
  /** Checks of our own beside the suite's. */
  readonly raw: number
  /** Whether the suite accepts the fixture itself: else the comparison rests on nothing. */
  readonly directPassed: boolean
  readonly found: readonly Difference[]
  /** Scenarios that were run once more because a connection broke. */
  readonly again: readonly string[]
  readonly direct: Results
}

/** Compares one leg. A scenario in which a connection broke is run once more alone, on both sides, and the second outcome counts. */
export async function compareLeg(leg: Leg, direct: Side, through: Side): Promise<LegReport> {
  const first = await runSide(leg, direct)
  const a = new Map(first.results)
  const b = new Map((await runSide(leg, through)).results)
  const broken = differences(a, b).filter(difference => looksBroken(difference))
  const again = [...new Set(broken.map(({ scenario }) => scenario))]
  for (const scenario of again) {
    a.set(scenario, await rerunScenario(leg, scenario, direct))
    b.set(scenario, await rerunScenario(leg, scenario, through))
  }
  const raw = a.get(rawScenario)?.length ?? 0
  return {
    leg: leg.revision,
    scenarios: a.size - 1,
    checks: countChecks(a) - raw,
    raw,
    directPassed: first.passed,
    found: differences(a, b),
    again,
    direct: a,
  }
}

/** What a sabotaged way adds to the differences of a leg that was compared before. Here a broken connection is a finding like any other. */
export async function addedBySabotage(leg: Leg, before: LegReport, through: Side): Promise<Difference[]> {
  const { results } = await runSide(hurried(leg), through)
  return unlike(differences(before.direct, results), before.found)
}
