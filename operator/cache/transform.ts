import type { ApiObject } from '../kit/resource.ts'
import { podShape } from '../translate/objects/pod-template.ts'
import { containerNames, gatewayShape } from '../translate/status/pod-drift.ts'

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields

/** What kubectl keeps for itself, often as large as the object. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object without what kubectl keeps in it. */
export function withoutLastApplied(object: ApiObject): ApiObject {
  const { annotations } = object.metadata
  if (annotations?.[lastApplied] === undefined) return object
  const { [lastApplied]: _, ...others } = annotations
  return { ...object, metadata: { ...object.metadata, annotations: others } }
}

/** Of a Deployment what its controller says, and of which shape of pods; what else it asks for is ours. */
export function deploymentForCache({ spec, ...object }: ApiObject): ApiObject {
  const { annotations } = fieldsOf(fieldsOf(fieldsOf(spec)['template'])['metadata'])
  return { ...object, spec: { shape: fieldsOf(annotations)[podShape] } }
}

const container = (status: unknown): Fields => {
  const { name, ready, restartCount, state, lastState } = fieldsOf(status)
  return { name, ready, restartCount, state, lastState }
}
const containers = (list: unknown): Fields[] => ((list ?? []) as unknown[]).map(container)

/** Of a pod what is looked at: a thousand of them are held in memory. */
export function podForCache({ metadata, spec, status, ...object }: ApiObject): ApiObject {
  const { initContainers } = fieldsOf(spec)
  const { podIP, conditions, initContainerStatuses, containerStatuses } = fieldsOf(status)
  const { name, namespace, uid, resourceVersion, labels, ownerReferences, deletionTimestamp } = metadata
  return {
    ...object,
    metadata: {
      ...(name && { name }),
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(labels && { labels }),
      ...(ownerReferences && { ownerReferences }),
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    spec: {
      initContainers: ((initContainers ?? []) as Fields[]).map(({ name, restartPolicy }) => ({ name, restartPolicy })),
      holds: containerNames(fieldsOf(spec)),
      gateway: gatewayShape(fieldsOf(spec)),
    },
    status: {
      podIP,
      conditions: ((conditions ?? []) as Fields[]).filter(({ type }) => type === 'Ready' || type === 'PodScheduled'),
      initContainerStatuses: containers(initContainerStatuses),
      containerStatuses: containers(containerStatuses),
    },
  }
}
