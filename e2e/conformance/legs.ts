/** One leg of the suite: a protocol revision, and how the suite is told to run it. */
export type Leg = { readonly revision: string; readonly args: readonly string[] }

/** The first has no frozen set of its own, so everything that applies to it is run. */
export const legs: readonly Leg[] = [
  { revision: '2025-06-18', args: ['--suite', 'all', '--spec-version', '2025-06-18'] },
  { revision: '2025-11-25', args: ['--requirements', '2025-11-25'] },
  { revision: '2026-07-28', args: ['--requirements', '2026-07-28'] },
]

/** How one scenario of a leg is run alone, at the same revision. */
export const alone = (leg: Leg, scenario: string): Leg => ({
  revision: leg.revision,
  args: ['--scenario', scenario, '--spec-version', leg.revision],
})

/** A leg through something that was broken on purpose: a scenario that hangs is not waited for as long. */
export const hurried = (leg: Leg): Leg => ({ revision: leg.revision, args: [...leg.args, '--timeout', '3000'] })
