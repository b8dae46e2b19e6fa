import { withValue } from './change.ts'
import type { Leaf } from './leaves.ts'
import { nameOf } from './leaves.ts'
import type { Sample } from './sample.ts'
import { filled, type World } from './world.ts'

type Node = Record<string, unknown>

/** The documents of a sample with the list in which a leaf stands once longer, by another value of the leaf; undefined where it stands in none. */
function longer(documents: readonly unknown[], leaf: Leaf, value: unknown): unknown[] | undefined {
  if (!leaf.path.endsWith('[]')) return undefined
  const copy = structuredClone(documents) as Node[]
  const steps = leaf.path.slice(0, -2).replaceAll('[]', '.0').split('.')
  const list = steps.reduce<unknown>(
    (node, step) => (node as Node | undefined)?.[step],
    copy.find(one => one['kind'] === leaf.kind),
  )
  if (!Array.isArray(list)) return undefined
  list.push(value)
  return copy
}

/**
 * The documents of a sample, once with each value of a leaf and, where the leaf is an item of a list, once with one item more.
 * @throws when there is no sample for the leaf
 */
export function variantsOf(leaf: Leaf, sample: Sample | undefined, world: World): unknown[][] {
  if (!sample) throw new Error(`${nameOf(leaf)} has no sample: add one to hack/fields/samples`)
  const values = leaf.values ?? sample.values ?? []
  const each = values.map(value => withValue(sample.documents, leaf, value))
  const more = longer(each[0] ?? [], leaf, values[1])
  return filled([...each, ...(more ? [more] : [])], world)
}
