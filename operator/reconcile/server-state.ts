import type { ApiObject } from '../kit/resource.ts'
import type { Foreign, NameConflict, ApplyRefusal, ServerPlan } from '../translate/index.ts'
import { objectKey, wishFor, type Wish } from './applier.ts'
import type { Owner } from '../ownership.ts'

/** What is remembered of one server between two plans. Another object of the same name is another entry. */
export type Entry = {
  readonly key: string
  readonly namespace: string
  readonly server: string
  readonly owner: Owner
  /** What its Events are about. */
  readonly regarding: ApiObject
  /** The hash that its gateways have to report. */
  hash?: string
  /** Fingerprint of what its pods mount besides the configuration. */
  mounts: string
  stopped: boolean
  /** The Secret of the certificate that its gateways serve. */
  tlsSecret?: string
  /** What was planned last. */
  plan?: ServerPlan
  /** Fingerprints of its objects by key, in the order in which they are applied. */
  marks: ReadonlyMap<string, string>
  /** Something of them is to be applied. */
  isOpen: boolean
  /** It was tried to apply them, with whatever success. */
  wasTried: boolean
  /** What stood in the way of the last attempt, by key of the object. */
  readonly conflicts: Map<string, NameConflict>
  readonly refusals: Map<string, ApplyRefusal>
  /** What others keep in an object, by its key. */
  readonly foreign: Map<string, Foreign>
}

export const entryKey = (namespace: string, server: string): string => `${namespace}/${server}`

export function newEntry(object: ApiObject): Entry {
  const { apiVersion, kind, metadata } = object
  const { namespace = '', name = '', uid = '' } = metadata
  return {
    key: entryKey(namespace, name),
    namespace,
    server: name,
    owner: { kind: 'MCPServer', namespace, name, uid },
    regarding: { ...(apiVersion && { apiVersion }), ...(kind && { kind }), metadata: { namespace, name, uid } },
    mounts: '',
    stopped: false,
    marks: new Map(),
    isOpen: false,
    wasTried: false,
    conflicts: new Map(),
    refusals: new Map(),
    foreign: new Map(),
  }
}

/** Takes up a plan. One that is the same again is known by its identity, and nothing of it is looked at anew. */
export function takeUp(entry: Entry, plan: ServerPlan): void {
  if (entry.plan === plan) return
  entry.plan = plan
  entry.marks = new Map(plan.objects.map(object => [objectKey(object), wishFor(object).fingerprint]))
}

/** An object as the last plan wants it, unless nothing is to be applied any more. */
export function wishOf({ plan, isOpen }: Entry, key: string): Wish | undefined {
  const object = isOpen ? plan?.objects.find(one => objectKey(one) === key) : undefined
  return object && wishFor(object)
}

/** What the annotation of its pods says once the kubelet has been told to look at the mounts. */
export const mountsVersion = ({ hash, mounts }: Entry): string =>
  `${(hash ?? '').slice(0, 16)}${mounts && `.${mounts}`}`
