import type { ScriptedUpstream } from '../testing/scripted-upstream.ts'
import { objectsOf, statusesOf, type Desired, type Snapshot, type translate } from '../../operator/translate/index.ts'
import { withValue } from './change.ts'
import { nameOf, type Leaf } from './leaves.ts'
import type { Sample } from './sample.ts'
import { played } from './stage.ts'
import { filled, type World } from './world.ts'

/** Where proofs are made. `translate` can be replaced by one that ignores a field, to see that the proof notices. */
export type ProofContext = {
  readonly upstream: ScriptedUpstream
  readonly world: World
  readonly translate: typeof translate
}

export type Observed = { readonly value: unknown; readonly lines: readonly string[] }

export type Proof = { readonly leaf: Leaf; readonly sample: Sample; readonly observed: readonly Observed[] }

/** An object as lines of path and value, so that a difference names its place. */
function flat(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${JSON.stringify(value)}`]
  return Object.entries(value).flatMap(([name, inner]) =>
    flat(inner, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`),
  )
}

const secret = (name: string) => ({
  name,
  namespace: 'default',
  keys: ['user', 'password', 'KEY', 'TOKEN'],
  hash: `hash-${name}`,
})

/** What the documents of a sample stand among, in a cluster. */
export const snapshotOf = (documents: readonly unknown[]): Snapshot => ({
  standalone: false,
  namespace: 'default',
  documents,
  secrets: [secret('first'), secret('second')],
  lastGood: [],
})

/** The status without `inForce`: to repeat what was written is no effect. */
const statusLines = (desired: Desired): string[] =>
  statusesOf(desired).flatMap(({ kind, name, status }) => {
    const { inForce: _, ...told } = status
    return flat(told, `${kind} ${name}.status`)
  })

/** The objects without the ConfigMap, which repeats the configuration: what a gateway does with that is another witness. */
const objectLines = (desired: Desired): string[] => [
  ...objectsOf(desired)
    .filter(({ kind }) => kind !== 'ConfigMap')
    .flatMap(object => flat(object, object.kind)),
  ...desired.generate.flatMap(({ secretName }) => flat({ metadata: { name: secretName } }, 'Secret')),
]

async function observe(documents: readonly unknown[], sample: Sample, context: ProofContext): Promise<string[]> {
  const standalone = typeof sample.witness !== 'string' && !sample.pod
  const desired = context.translate({ ...snapshotOf(filled(documents, context.world)), standalone })
  if (sample.witness === 'objects') return objectLines(desired)
  if (sample.witness === 'status') return statusLines(desired)
  const { gateway, keys } = desired.gateways[0]!
  return played(gateway, keys, sample.witness, context.world, context.upstream)
}

const textOf = ({ lines }: Observed): string => lines.join('\n')

/** The first two values that look the same, if any do. */
function firstDuplicates(observed: readonly Observed[]): readonly [Observed, Observed] | undefined {
  for (const [at, one] of observed.entries()) {
    const other = observed.slice(at + 1).find(later => textOf(later) === textOf(one))
    if (other) return [one, other]
  }
  return undefined
}

/**
 * Gives a leaf one value after the other and observes. Each pair of values must come out different, or the field is dead; and the first value,
 * given again, must look the same again, or the difference was none of the field's.
 * @throws when there is no sample, when it does not set the leaf, when two values look the same, and when one value looks different twice
 */
export async function prove(leaf: Leaf, sample: Sample | undefined, context: ProofContext): Promise<Proof> {
  const name = nameOf(leaf)
  if (!sample) throw new Error(`${name} has no sample: add one to hack/fields/samples`)
  const values = leaf.values ?? sample.values ?? []
  if (values.length < 2) throw new Error(`the sample for ${name} gives it fewer than two values`)
  const watch = async (value: unknown): Promise<Observed> => ({
    value,
    lines: await observe(withValue(sample.documents, leaf, value), sample, context),
  })
  const observed: Observed[] = []
  for (const value of values) observed.push(await watch(value))
  const same = firstDuplicates(observed)
  if (same) {
    const [one, other] = same.map(({ value }) => String(value))
    throw new Error(`${name} is dead: ${one} and ${other} look the same:\n${textOf(same[0])}`)
  }
  const again = await watch(values[0])
  if (textOf(again) !== textOf(observed[0]!))
    throw new Error(
      `${name} is not proved, since one value looks different twice:\n${textOf(observed[0]!)}\n---\n${textOf(again)}`,
    )
  return { leaf, sample, observed }
}
