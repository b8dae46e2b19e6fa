import type { Leaf } from './leaves.ts'

type Node = Record<string, unknown>

/** The steps of a path: `spec.rules[].action` is spec, rules, 0, action; `*` is the only key of a map. */
const stepsOf = (path: string): string[] => path.replaceAll('[]', '.0').split('.')

const keyIn = (node: Node, step: string): string => (step === '*' ? Object.keys(node)[0]! : step)

/**
 * A copy of the documents in which one leaf of the first document of its kind has another value, and nothing else differs.
 * @throws when the sample does not set the leaf: changing it would then change more than the leaf
 */
export function withValue(documents: readonly unknown[], leaf: Leaf, value: unknown): unknown[] {
  // By JSON, since the documents of a sample may share objects, and only one place may change.
  const copy = JSON.parse(JSON.stringify(documents)) as Node[]
  const document = copy.find(one => one['kind'] === leaf.kind)
  const steps = stepsOf(leaf.path)
  let node: Node | undefined = document
  for (const step of steps.slice(0, -1)) node = node?.[keyIn(node, step)] as Node | undefined
  const last = steps.at(-1)!
  if (!node || node[keyIn(node, last)] === undefined)
    throw new Error(`the sample for ${leaf.kind}.${leaf.path} does not set it`)
  node[keyIn(node, last)] = value
  return copy
}
