import type { ApiObject } from './kit/resource.ts'
import type { NameConflict, Refusal } from './translate/index.ts'
import type { Wish } from './applier.ts'
import type { Owner } from './ownership.ts'

/** What is remembered of one server between two plans. Another object of the same name is another entry. */
export type Entry = {
  readonly key: string
  readonly namespace: string
  readonly server: string
  readonly owner: Owner
  readonly object: ApiObject
  /** The hash that its gateways have to report. */
  hash?: string
  /** Fingerprint of what its pods mount besides the configuration. */
  mounts: string
  stopped: boolean
  /** The Secret of the certificate that its gateways serve. */
  tlsSecret?: string
  /** Its objects by key, in order; only while something of them is to be applied. */
  wishes?: ReadonlyMap<string, Wish>
  /** Keys of all its objects. */
  names: ReadonlySet<string>
  /** What stood in the way of the last attempt, by key of the object. */
  readonly conflicts: Map<string, NameConflict>
  readonly refusals: Map<string, Refusal>
}

export const entryKey = (namespace: string, server: string): string => `${namespace}/${server}`

export function newEntry(object: ApiObject): Entry {
  const { namespace = '', name = '', uid = '' } = object.metadata
  return {
    key: entryKey(namespace, name),
    namespace,
    server: name,
    owner: { kind: 'MCPServer', namespace, name, uid },
    object,
    mounts: '',
    stopped: false,
    names: new Set(),
    conflicts: new Map(),
    refusals: new Map(),
  }
}

/** What the annotation of its pods says once the kubelet has been told to look at the mounts. */
export const mountsVersion = ({ hash, mounts }: Entry): string =>
  `${(hash ?? '').slice(0, 16)}${mounts && `.${mounts}`}`
