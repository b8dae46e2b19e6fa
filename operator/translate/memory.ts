import type { KindName } from '../../crds/index.ts'
import type { KeysFile } from '../../gateway/config/keys.ts'
import { keptFor, type Judged } from './accept/accept.ts'
import type { Document, ReadDocument } from './model/document.ts'
import { fileText } from './configuration/file-text.ts'
import type { Planned } from './plan.ts'
import type { Common } from './context.ts'
import type { LastGood, Snapshot } from './model/snapshot.ts'

type Reading = { readonly namespace: string; readonly result: readonly ReadDocument[] }

type Judgment = {
  readonly namespace: string
  readonly standalone: boolean
  readonly urls: Snapshot['urls']
  readonly twins: number
  /** Looked at only for what does not compile. */
  readonly kept: LastGood | undefined
  readonly judged: Judged
}

type Known = {
  readonly judged: Judged<'MCPServer'>
  readonly common: Common
  /** All that is particular to the server and not in its own object. */
  readonly own: string
  readonly planned: Planned
}

const sameItems = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((item, at) => Object.is(item, right[at]))

/**
 * What was worked out when a namespace was planned before. Nothing comes out otherwise than without it: an answer is found again only by everything
 * that it was made of. Objects are told apart by identity, so a snapshot must bring those that have not changed as the very same, and change none.
 */
export class Memory {
  readonly #read = new WeakMap<object, Reading>()
  readonly #judged = new WeakMap<Document, Judgment>()
  #servers = new Map<string, Known>()
  #planned = new Map<string, Known>()
  #keys: { readonly text: string; readonly file: KeysFile } | undefined
  #common: { readonly inputs: readonly unknown[]; readonly value: Common } | undefined

  /** What an object says about itself. */
  read(object: unknown, namespace: string, make: () => readonly ReadDocument[]): readonly ReadDocument[] {
    if (typeof object !== 'object' || object === null) return make()
    const known = this.#read.get(object)
    if (known?.namespace === namespace) return known.result
    const result = make()
    this.#read.set(object, { namespace, result })
    return result
  }

  /** What holds for an object. */
  judge<K extends KindName>(
    document: Document & { readonly kind: K },
    snapshot: Snapshot,
    twins: number,
    make: () => Judged<K>,
  ): Judged<K> {
    const { namespace, standalone, urls } = snapshot
    const known = this.#judged.get(document)
    const isSame =
      known !== undefined &&
      known.namespace === namespace &&
      known.standalone === standalone &&
      known.urls === urls &&
      known.twins === twins &&
      (known.judged.accepted.status === 'True' || known.kept === keptFor(document, snapshot))
    if (isSame) return known.judged as Judged<K>
    const judged = make()
    const kept = judged.accepted.status === 'True' ? undefined : keptFor(document, snapshot)
    this.#judged.set(document, { namespace, standalone, urls, twins, kept, judged })
    return judged
  }

  /** The file of the keys: one that says the same is the same, so that what was derived of it holds. */
  keys(file: KeysFile): KeysFile {
    const text = fileText(file)
    if (this.#keys?.text === text) return this.#keys.file
    this.#keys = { text, file }
    return file
  }

  /** What all servers share, which is the same as long as everything is that it is made of. */
  common(inputs: readonly unknown[], make: () => Common): Common {
    if (this.#common && sameItems(this.#common.inputs, inputs)) return this.#common.value
    const value = make()
    this.#common = { inputs, value }
    return value
  }

  /** What follows for a server. */
  server(judged: Judged<'MCPServer'>, common: Common, own: string, make: () => Planned): Planned {
    const { name } = judged.document
    const before = this.#servers.get(name)
    const isSame = before?.judged === judged && before.common === common && before.own === own
    const known = isSame ? before : { judged, common, own, planned: make() }
    this.#planned.set(name, known)
    return known.planned
  }

  /** Forgets the servers that were not planned this time. */
  done(): void {
    this.#servers = this.#planned
    this.#planned = new Map()
  }
}
