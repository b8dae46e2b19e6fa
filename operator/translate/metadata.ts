import type { KubernetesObject } from './desired.ts'
import type { Document } from './document.ts'
import { childName, labels } from './names.ts'
import { ownedBy } from './owner.ts'

/** Name, namespace, labels and owner: the same for every object of a server. */
export const childMetadata = (document: Document): KubernetesObject['metadata'] => ({
  name: childName(document.name),
  namespace: document.namespace,
  labels: labels(document.name),
  ...ownedBy(document),
})
