import type { ApiObject } from '../kit/resource.ts'
import type { KindName } from '../../crds/index.ts'
import type { Watcher } from './caches.ts'
import { entryKey } from '../reconcile/server-state.ts'

export type Lanes = {
  /** A namespace is to be read and planned. */
  namespace(namespace: string): void
  /** Its keys are to be in force now. */
  revocation(namespace: string): void
  /** The gateways of a server are to be looked at. */
  gateways(key: string): void
  /** All namespaces that there are. */
  everything(): void
  /** What an object names is to be read at the next occasion. */
  expire(object: ApiObject): void
  /** An object is no more. */
  forget(uid: string): void
}

/** What of an object is its author's. A status is ours, and no reason to do anything. */
const spoken = (object: ApiObject | undefined): string => {
  const { uid, generation, labels, annotations, deletionTimestamp } = object?.metadata ?? {}
  return JSON.stringify([uid, generation, labels, annotations, deletionTimestamp])
}

const floorKinds: ReadonlySet<KindName> = new Set(['MCPGateway', 'GuardrailPolicy'])

/** Which work a change of an object makes. Only keys travel: what happened does not matter, only what is. */
export function triggers(lanes: Lanes, operatorNamespace: string): Watcher {
  return {
    ownChanged(kind, before, after) {
      if (spoken(before) === spoken(after)) return
      const object = after ?? before
      const namespace = object?.metadata.namespace ?? ''
      if (object) lanes.expire(object)
      if (!after && before?.metadata.uid !== undefined) lanes.forget(before.metadata.uid)
      if (kind === 'APIKey') lanes.revocation(namespace)
      lanes.namespace(namespace)
      if (namespace === operatorNamespace && floorKinds.has(kind)) lanes.everything()
    },
    childChanged: namespace => lanes.namespace(namespace),
    keptChanged: namespace => lanes.namespace(namespace),
    podChanged(namespace, server) {
      lanes.gateways(entryKey(namespace, server))
      lanes.namespace(namespace)
    },
  }
}
