import type { KindName } from '../../../crds/index.ts'
import { accept, type EffectiveObject } from './accept.ts'
import type { Document } from '../model/document.ts'
import type { Memory } from '../memory.ts'
import type { Snapshot } from '../model/snapshot.ts'

/** Judges each object of one kind for itself; of several with one name only one is kept, and none of them counts. */
export function effectiveObjects<K extends KindName>(
  kind: K,
  documents: readonly Document[],
  snapshot: Snapshot,
  memory: Memory,
): EffectiveObject<K>[] {
  const named = Map.groupBy(
    documents.filter((one): one is Document & { readonly kind: K } => one.kind === kind),
    one => JSON.stringify([one.namespace, one.name]),
  )
  return [...named.values()].map(duplicates =>
    memory.judge(duplicates[0]!, snapshot, duplicates.length, () =>
      accept(duplicates[0]!, snapshot, duplicates.length),
    ),
  )
}
