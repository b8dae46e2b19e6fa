import type { KubernetesObject } from '../model/desired.ts'
import type { Document } from '../model/document.ts'
import { childName, labels } from '../model/names.ts'
import { ownedBy } from './owner.ts'

/** Name, namespace, labels and owner: the same for every object of a server. */
export const childMetadata = (document: Document): KubernetesObject['metadata'] => ({
  name: childName(document.name),
  namespace: document.namespace,
  labels: labels(document.name),
  ...ownedBy(document),
})
