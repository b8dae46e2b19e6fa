/** One check of a scenario. `status` is what is compared, `message` only says more to people. */
export type Check = { readonly id: string; readonly status: string; readonly message?: string }

/** The checks of every scenario that ran, by its name. */
export type Results = ReadonlyMap<string, readonly Check[]>

/** A check whose outcomes are not those of the direct run; a scenario that did not run has the id `(scenario)`. */
export type Difference = {
  readonly scenario: string
  readonly id: string
  /** Sorted statuses: one scenario may report the same id several times. */
  readonly direct: readonly string[]
  readonly through: readonly string[]
  readonly message?: string
}

const statuses = (checks: readonly Check[], id: string): string[] =>
  checks
    .filter(check => check.id === id)
    .map(check => check.status)
    .toSorted()

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((status, at) => status === b[at])

const messageOf = (id: string, ...sides: (readonly Check[])[]): { message?: string } => {
  const message = sides.flat().find(check => check.id === id && check.message !== undefined)?.message
  return message === undefined ? {} : { message }
}

function scenarioDifferences(scenario: string, direct: readonly Check[], through: readonly Check[]): Difference[] {
  const ids = new Set([...direct, ...through].map(check => check.id))
  return [...ids].flatMap(id => {
    const [a, b] = [statuses(direct, id), statuses(through, id)]
    return equal(a, b) ? [] : [{ scenario, id, direct: a, through: b, ...messageOf(id, through, direct) }]
  })
}

/** Every check whose statuses are not the same on both sides, and every scenario that ran on one side only. */
export function differences(direct: Results, through: Results): Difference[] {
  const names = new Set([...direct.keys(), ...through.keys()])
  return [...names].flatMap(scenario => {
    const [a, b] = [direct.get(scenario), through.get(scenario)]
    if (a !== undefined && b !== undefined) return scenarioDifferences(scenario, a, b)
    const ran = (side: unknown): string[] => [side === undefined ? 'did not run' : 'ran']
    return [{ scenario, id: '(scenario)', direct: ran(a), through: ran(b) }]
  })
}

/** How many checks ran, several of the same id counted each. */
export const countChecks = (results: Results): number =>
  [...results.values()].reduce((sum, { length }) => sum + length, 0)

/** Those of `found` that `known` does not hold with the very same outcome. */
export function unlike(found: readonly Difference[], known: readonly Difference[]): Difference[] {
  const key = ({ scenario, id, through }: Difference): string => JSON.stringify([scenario, id, through])
  const seen = new Set(known.map(key))
  return found.filter(difference => !seen.has(key(difference)))
}

/** A connection that broke says nothing about the gateway until it breaks again: the suite and two servers share few cores. */
export const looksBroken = ({ message = '' }: Difference): boolean =>
  /ECONNRESET|ECONNREFUSED|ETIMEDOUT|socket hang up|other side closed|fetch failed|terminated|time[d -]*out/i.test(
    message,
  )
