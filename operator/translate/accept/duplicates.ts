import { bounded } from '../model/condition.ts'
import type { EffectiveKey } from './effective.ts'
import { byAge } from './seniority.ts'
import type { LastGood } from '../model/snapshot.ts'

const nameOf = ({ object }: EffectiveKey): string => object.document.name

/** By name: the specs of keys that were accepted last. */
type LastGoodByName = ReadonlyMap<string, LastGood>

function lastGoodFor({ object: { document } }: EffectiveKey, kept: LastGoodByName): LastGood | undefined {
  const found = kept.get(document.name)
  const isThis = found?.uid === undefined || document.uid === undefined || found.uid === document.uid
  return isThis ? found : undefined
}

/** Whether a key had a digest before the others named it: it was made here, or stands in the last spec that was accepted. */
function hadBefore(key: EffectiveKey, digest: string, kept: LastGoodByName): boolean {
  if (key.object.spec?.digests?.includes(digest) !== true) return true
  const spec = lastGoodFor(key, kept)?.spec as { readonly digests?: unknown } | undefined
  return Array.isArray(spec?.digests) && spec.digests.includes(digest)
}

type Shared = { readonly holders: readonly EffectiveKey[]; readonly owner: EffectiveKey | undefined }

/** Whose a digest is that several keys hold: the one's that had it before, then the oldest. Without a cluster it may be unknown which that is. */
function sharedOf(digest: string, holders: readonly EffectiveKey[], kept: LastGoodByName): Shared {
  const before = holders.filter(holder => hadBefore(holder, digest, kept))
  const [first, second] = (before.length > 0 ? before : holders).toSorted((a, b) =>
    byAge(a.object.document, b.object.document),
  )
  const { created, uid } = first?.object.document ?? {}
  return { holders, owner: second === undefined || (created ?? uid) !== undefined ? first : undefined }
}

function words(key: EffectiveKey, digest: string, { holders, owner }: Shared): string {
  const other = holders.find(holder => holder !== key)
  const whose = owner
    ? `is that of APIKey ${nameOf(owner)}, which came first: this one lets no caller in by it`
    : `is also held by APIKey ${other ? nameOf(other) : ''}: no caller is let in by it`
  return `spec.digests: ${digest.slice(0, 19)}… ${whose}; make a key of its own for each`
}

/** A key without the digests that are another's. What was accepted of it last stays what is kept, or what it asks for would count as its own from now on. */
function withoutForeignDigests(
  key: EffectiveKey,
  shared: ReadonlyMap<string, Shared>,
  kept: LastGoodByName,
): EffectiveKey {
  const foreign = key.digests.filter(digest => {
    const found = shared.get(digest)
    return found !== undefined && found.owner !== key
  })
  const [first] = foreign
  const found = first === undefined ? undefined : shared.get(first)
  if (first === undefined || !found) return key
  const { keep: _, ...object } = key.object
  const keep = lastGoodFor(key, kept)
  const message = bounded(words(key, first, found))
  return {
    ...key,
    digests: key.digests.filter(digest => !foreign.includes(digest)),
    object: {
      ...object,
      accepted: { ...object.accepted, status: 'False', reason: 'DuplicateDigest', message },
      ...(keep && { keep }),
    },
  }
}

/**
 * A digest is no secret, and an author of an APIKey may copy one into it: the key that had it first keeps it, and who names it later gets nothing by
 * it and takes nothing away.
 */
export function withoutDuplicates(keys: readonly EffectiveKey[], lastGood: readonly LastGood[]): EffectiveKey[] {
  const holders = new Map<string, EffectiveKey[]>()
  for (const key of keys) {
    for (const digest of key.digests) {
      const all = holders.get(digest)
      if (all) all.push(key)
      else holders.set(digest, [key])
    }
  }
  const twice = [...holders].filter(([, all]) => all.length > 1)
  if (twice.length === 0) return [...keys]
  const kept = new Map(lastGood.filter(({ kind }) => kind === 'APIKey').map(one => [one.name, one]))
  const shared = new Map(twice.map(([digest, all]) => [digest, sharedOf(digest, all, kept)]))
  return keys.map(key => withoutForeignDigests(key, shared, kept))
}
