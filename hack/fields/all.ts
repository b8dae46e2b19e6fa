import { kinds } from '../../crds/index.ts'
import { translate } from '../../operator/translate/index.ts'
import { leavesOf, nameOf, type Leaf } from './leaves.ts'
import { prove, type Proof, type Workshop } from './prove.ts'
import type { Sample } from './sample.ts'
import { childSamples } from './samples/child.ts'
import { sampleOf } from './samples/index.ts'
import { emptyResult, scriptedUpstream } from '../testing/scripted-upstream.ts'
import { world } from './world.ts'

/** Opens a workshop: a scripted upstream and fresh secrets. */
export async function openWorkshop(): Promise<Workshop> {
  const upstream = await scriptedUpstream(emptyResult)
  return { upstream, world: world(Number(new URL(upstream.url).port)), translate }
}

export const leaves = leavesOf(Object.values(kinds))

/** What is proved beside the leaves alone: how some of them act on a child process. */
export const further: readonly (readonly [Leaf, Sample])[] = Object.entries(childSamples).map(([name, sample]) => [
  leaves.find(leaf => nameOf(leaf) === name)!,
  sample,
])

/** Proves every leaf of every kind. */
export async function proveAll(): Promise<Proof[]> {
  const workshop = await openWorkshop()
  const proofs: Proof[] = []
  for (const leaf of leaves) proofs.push(await prove(leaf, sampleOf(leaf), workshop))
  for (const [leaf, sample] of further) proofs.push(await prove(leaf, sample, workshop))
  await workshop.upstream.stop()
  return proofs
}
