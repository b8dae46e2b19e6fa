import type { ApiObject } from '../kit/resource.ts'
import type { KindName } from '../../crds/index.ts'
import type { ChangeHandler } from '../cache/caches.ts'
import { serverKey } from '../plan/server-state.ts'

export type WorkQueues = {
  /** A namespace is to be read and planned. */
  namespace(namespace: string): void
  /** Its keys are to be in force now. */
  revocation(namespace: string): void
  /** The gateways of a server are to be looked at. */
  gateways(key: string): void
  /** All namespaces that there are. */
  allNamespaces(): void
  /** What an object names is to be read at the next occasion. */
  expire(object: ApiObject): void
  /** An object is no more. */
  forget(uid: string): void
}

/** What of an object is its author's. A status is ours, and no reason to do anything. */
const authoredFields = (object: ApiObject | undefined): string => {
  const { uid, generation, labels, annotations, deletionTimestamp } = object?.metadata ?? {}
  return JSON.stringify([uid, generation, labels, annotations, deletionTimestamp])
}

const floorKinds: ReadonlySet<KindName> = new Set(['MCPGateway', 'GuardrailPolicy'])

/** Which work a change of an object makes. Only keys travel: what happened does not matter, only what is. */
export function enqueueOnChange(queues: WorkQueues, operatorNamespace: string): ChangeHandler {
  return {
    ownChanged(kind, before, after) {
      if (authoredFields(before) === authoredFields(after)) return
      const object = after ?? before
      const namespace = object?.metadata.namespace ?? ''
      if (object) queues.expire(object)
      if (!after && before?.metadata.uid !== undefined) queues.forget(before.metadata.uid)
      if (kind === 'APIKey') queues.revocation(namespace)
      queues.namespace(namespace)
      if (namespace === operatorNamespace && floorKinds.has(kind)) queues.allNamespaces()
    },
    childChanged: namespace => queues.namespace(namespace),
    lastGoodChanged: namespace => queues.namespace(namespace),
    podChanged(namespace, server) {
      queues.gateways(serverKey(namespace, server))
      queues.namespace(namespace)
    },
  }
}
