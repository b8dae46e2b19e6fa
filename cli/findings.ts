import { statusesOf, type Desired, type Status } from '../operator/translate/index.ts'
import { check, problemLine } from './check.ts'
import type { Loaded } from './load.ts'

type Condition = Status['status']['conditions'][number]

/** For what the schema refuses, the places were told already: what holds instead is still news. */
const consequence = (message: string): string => /\(([^()]*)\)$/.exec(message)?.[1] ?? message

function sentence({ kind, name }: Status, condition: Condition, told: boolean): string {
  const text = condition.reason === 'Invalid' && told ? consequence(condition.message) : condition.message
  return `${kind} ${name}: ${condition.type}=${condition.status} ${condition.reason}: ${text}\n`
}

/** Everything that is wrong, for people: the places in the files, then what it means for each object. */
export function findings(loaded: Loaded, desired: Desired): string[] {
  const problems = check(loaded)
  const told = problems.length > 0
  return [
    ...problems.map(problemLine),
    ...statusesOf(desired).flatMap(status =>
      status.status.conditions
        .filter(condition => condition.status !== 'True')
        .map(condition => sentence(status, condition, told)),
    ),
  ]
}
