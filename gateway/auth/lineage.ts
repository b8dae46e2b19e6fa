import type { CompiledKey } from '../config/access.ts'

type Known = { readonly id: string; readonly digests: readonly string[] }

/** An entry that was never seen before is called by what it was first written with. */
const born = ({ name, digests }: CompiledKey): string => `key/name/${name}/${digests.toSorted()[0]}`

/**
 * Who an entry is, over time: what belongs to a caller is bound to this and not to a name, which another caller may have next. In a cluster it is the
 * uid of the object. A file has none: there an entry is the former one of its name as long as they have a digest in common, which is how a key
 * is rotated; with none in common it is another caller. A restart remembers no former entries, so the sessions of a key that was rotated before it
 * start again.
 */
export class Lineage {
  #known: ReadonlyMap<string, Known> = new Map()

  /** The ids of the entries that are in force from now on, in their order. */
  next(keys: readonly CompiledKey[]): readonly string[] {
    const ids = keys.map(key => (key.uid === undefined ? this.#inherited(key) : `key/uid/${key.uid}`))
    const known = new Map<string, Known>()
    for (const [at, { name, uid, digests }] of keys.entries())
      if (uid === undefined) known.set(name, { id: ids[at]!, digests })
    this.#known = known
    return ids
  }

  #inherited(key: CompiledKey): string {
    const former = this.#known.get(key.name)
    return former?.digests.some(digest => key.digests.includes(digest)) === true ? former.id : born(key)
  }
}
