import type { Key, KeysFile } from '../../../gateway/config/keys.ts'
import type { Withdrawal } from '../../../gateway/config/withdrawal.ts'

/** Generation of the spec of each APIKey that there is, by uid. */
export type Generations = ReadonlyMap<string, number>

/** What a key grants, whichever object of whichever generation says so. */
function grants(key: Key): string {
  const { uid: _, generation: __, ...granted } = key
  return JSON.stringify(granted)
}

/**
 * What gateways that still have `before` have to be told so that no key lives longer than it should: of each key whose object is gone, or was
 * changed. What else made a key end, such as a digest that two of them hold, may be over again without a change of its object, so that it is left to the
 * file: a withdrawal is never taken back.
 */
export function withdrawals(before: KeysFile, after: KeysFile, generations: Generations): Withdrawal[] {
  if (before === after) return []
  const now = new Map(after.keys.map(key => [key.uid, key]))
  return before.keys.flatMap((key): Withdrawal[] => {
    if (key.uid === undefined || key.generation === undefined) return []
    const generation = generations.get(key.uid)
    if (generation === undefined) return [{ uid: key.uid }]
    const successor = now.get(key.uid)
    if (generation <= key.generation || (successor && grants(successor) === grants(key))) return []
    return [{ uid: key.uid, generation, ...(successor && { key: successor }) }]
  })
}
