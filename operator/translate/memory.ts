import type { KindName } from '../../crds/index.ts'
import type { KeysFile } from '../../gateway/config/keys.ts'
import { keptFor, type EffectiveObject } from './accept/accept.ts'
import type { Document, ReadDocument } from './model/document.ts'
import { fileText } from './configuration/file-text.ts'
import type { PlannedServer } from './plan.ts'
import type { SharedContext } from './context.ts'
import type { LastGood, Snapshot } from './model/snapshot.ts'

type KnownDocuments = { readonly namespace: string; readonly result: readonly ReadDocument[] }

type KnownObject = {
  readonly namespace: string
  readonly standalone: boolean
  readonly urls: Snapshot['urls']
  readonly duplicates: number
  /** Looked at only for what does not compile. */
  readonly kept: LastGood | undefined
  readonly object: EffectiveObject
}

type KnownServer = {
  readonly object: EffectiveObject<'MCPServer'>
  readonly shared: SharedContext
  /** All that is particular to the server and not in its own object. */
  readonly own: string
  readonly planned: PlannedServer
}

const sameItems = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((item, at) => Object.is(item, right[at]))

/**
 * What was worked out when a namespace was planned before. Nothing comes out otherwise than without it: an answer is found again only by everything
 * that it was made of. Objects are told apart by identity, so a snapshot must bring those that have not changed as the very same, and change none.
 */
export class Memory {
  readonly #read = new WeakMap<object, KnownDocuments>()
  readonly #effective = new WeakMap<Document, KnownObject>()
  #servers = new Map<string, KnownServer>()
  #planned = new Map<string, KnownServer>()
  #keys: { readonly text: string; readonly file: KeysFile } | undefined
  #shared: { readonly inputs: readonly unknown[]; readonly value: SharedContext } | undefined

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
    duplicates: number,
    make: () => EffectiveObject<K>,
  ): EffectiveObject<K> {
    const { namespace, standalone, urls } = snapshot
    const known = this.#effective.get(document)
    const isSame =
      known !== undefined &&
      known.namespace === namespace &&
      known.standalone === standalone &&
      known.urls === urls &&
      known.duplicates === duplicates &&
      (known.object.accepted.status === 'True' || known.kept === keptFor(document, snapshot))
    if (isSame) return known.object as EffectiveObject<K>
    const object = make()
    const kept = object.accepted.status === 'True' ? undefined : keptFor(document, snapshot)
    this.#effective.set(document, { namespace, standalone, urls, duplicates, kept, object })
    return object
  }

  /** The file of the keys: one that says the same is the same, so that what was derived of it holds. */
  keys(file: KeysFile): KeysFile {
    const text = fileText(file)
    if (this.#keys?.text === text) return this.#keys.file
    this.#keys = { text, file }
    return file
  }

  /** What all servers share, which is the same as long as everything is that it is made of. */
  shared(inputs: readonly unknown[], make: () => SharedContext): SharedContext {
    if (this.#shared && sameItems(this.#shared.inputs, inputs)) return this.#shared.value
    const value = make()
    this.#shared = { inputs, value }
    return value
  }

  /** What follows for a server. */
  server(
    object: EffectiveObject<'MCPServer'>,
    shared: SharedContext,
    own: string,
    make: () => PlannedServer,
  ): PlannedServer {
    const { name } = object.document
    const before = this.#servers.get(name)
    const isSame = before?.object === object && before.shared === shared && before.own === own
    const known = isSame ? before : { object, shared, own, planned: make() }
    this.#planned.set(name, known)
    return known.planned
  }

  /** Forgets the servers that were not planned this time. */
  done(): void {
    this.#servers = this.#planned
    this.#planned = new Map()
  }
}
