import type { ApiObject } from '../kit/resource.ts'
import type { KindName } from '../../crds/index.ts'
import type { ChangeHandler } from '../cache/caches.ts'
import { serverKey } from '../plan/server-state.ts'

export type WorkQueues = {
  /** Enqueues a namespace, to be read and planned. */
  namespace(namespace: string): void
  /** Enqueues a namespace whose keys have to be in force now. */
  revocation(namespace: string): void
  /** Enqueues the gateways of a server. */
  gateways(key: string): void
  /** Enqueues all namespaces. */
  allNamespaces(): void
  /** Has the Secrets that an object names read again. */
  expire(object: ApiObject): void
  /** Called for an object that no longer exists. */
  forget(uid: string): void
}

/** The fields of an object that its author writes. A change of status, which the operator writes, causes no work. */
const authoredFields = (object: ApiObject | undefined): string => {
  const { uid, generation, labels, annotations, deletionTimestamp } = object?.metadata ?? {}
  return JSON.stringify([uid, generation, labels, annotations, deletionTimestamp])
}

const floorKinds: ReadonlySet<KindName> = new Set(['MCPGateway', 'GuardrailPolicy'])

/** Enqueues what has to be reconciled after a change of an object. Only keys are enqueued: a reconciler reads the current state. */
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
