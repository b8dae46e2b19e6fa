import { kinds } from '../../crds/index.ts'
import { translate } from '../../operator/translate/index.ts'
import { leavesOf, nameOf, type Leaf } from './leaves.ts'
import { prove, type Proof, type ProofContext } from './prove.ts'
import type { Sample } from './sample.ts'
import { childSamples } from './samples/child.ts'
import { sampleOf } from './samples/index.ts'
import { emptyResult, scriptedUpstream } from '../testing/scripted-upstream.ts'
import { world } from './world.ts'

/** Makes a context for proofs: a scripted upstream and fresh secrets. */
export async function newProofContext(): Promise<ProofContext> {
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
  const context = await newProofContext()
  const proofs: Proof[] = []
  for (const leaf of leaves) proofs.push(await prove(leaf, sampleOf(leaf), context))
  for (const [leaf, sample] of further) proofs.push(await prove(leaf, sample, context))
  await context.upstream.stop()
  return proofs
}
