import type { KindName } from '../../../crds/index.ts'
import type { Document } from '../model/document.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { accept, type AcceptSteps } from './accept.ts'
import type { EffectiveObject } from './effective.ts'

/** Accepts each object of one kind by itself; of several with one name only one is kept, and none of them counts. */
export function effectiveObjects<K extends KindName>(
  kind: K,
  documents: readonly Document[],
  snapshot: Snapshot,
  steps: AcceptSteps,
): EffectiveObject<K>[] {
  const named = Map.groupBy(
    documents.filter((one): one is Document & { readonly kind: K } => one.kind === kind),
    one => JSON.stringify([one.namespace, one.name]),
  )
  return [...named.values()].map(same => accept(same[0]!, snapshot, same.length, steps))
}
