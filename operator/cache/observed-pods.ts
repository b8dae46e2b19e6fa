import type { ApiObject } from '../kit/resource.ts'
import type { GatewayShape, ObservedContainer, ObservedPod, ObservedServer } from '../translate/index.ts'
import { controllerOf, serverOf } from '../resources.ts'

type State = {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly message?: string }
}
type ContainerStatus = {
  readonly name: string
  readonly ready?: boolean
  readonly restartCount?: number
  readonly state?: State
  readonly lastState?: State
}
type Condition = { readonly type: string; readonly status: string; readonly message?: string }
type PodStatus = {
  readonly podIP?: string
  readonly phase?: string
  readonly conditions?: readonly Condition[]
  readonly initContainerStatuses?: readonly ContainerStatus[]
  readonly containerStatuses?: readonly ContainerStatus[]
}
type PodSpec = {
  readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[]
  readonly holds?: readonly string[]
  readonly gateway?: GatewayShape
}

const statusOf = (pod: ApiObject): PodStatus => pod['status'] ?? {}

export const addressOf = (pod: ApiObject): string | undefined => statusOf(pod).podIP
const conditionOf = (pod: ApiObject, type: string): Condition | undefined =>
  statusOf(pod).conditions?.find(condition => condition.type === type)
export const isReady = (pod: ApiObject): boolean => conditionOf(pod, 'Ready')?.status === 'True'
export const isDeleting = (pod: ApiObject): boolean => pod.metadata.deletionTimestamp !== undefined

/** Whether a pod has been made for the Deployment of the server that its label names; a label alone can be written by any user. */
export function isOfServer(pod: ApiObject): boolean {
  const controller = controllerOf(pod)
  const template = pod.metadata.labels?.['pod-template-hash']
  return controller?.kind === 'ReplicaSet' && controller.name === `mcp-${serverOf(pod)}-${template}`
}

const told = (message: string | undefined): string => (message ?? '').slice(0, 1024)

function containerOf({ name, ready, restartCount, state, lastState }: ContainerStatus): ObservedContainer {
  const terminated = state?.terminated ?? lastState?.terminated
  return {
    name,
    ready: ready === true,
    restarts: restartCount ?? 0,
    ...(state?.waiting && {
      waiting: { reason: state.waiting.reason ?? '', message: told(state.waiting.message) },
    }),
    ...(terminated && {
      terminated: {
        reason: terminated.reason ?? '',
        exitCode: terminated.exitCode ?? 0,
        message: told(terminated.message),
      },
    }),
  }
}

/** What its spec holds, as it was kept of it. */
function heldBy({ holds, gateway }: PodSpec): Pick<ObservedPod, 'holds' | 'gateway'> {
  return { ...(holds && { holds }), ...(gateway && { gateway }) }
}

const specOf = (pod: ApiObject): PodSpec => pod['spec'] ?? {}

/** A pod, as its kubelet reports it. */
export function observedPod(pod: ApiObject, report: ObservedPod['report']): ObservedPod {
  const { initContainerStatuses = [], containerStatuses = [] } = statusOf(pod)
  const inits = specOf(pod).initContainers ?? []
  const sidecars = new Set(inits.filter(one => one.restartPolicy === 'Always').map(one => one.name))
  // An init container that has ended well is over; one that has not is why nothing else starts.
  const inCharge = initContainerStatuses.filter(
    ({ name, state }) => sidecars.has(name) || state?.terminated?.exitCode !== 0,
  )
  const scheduled = conditionOf(pod, 'PodScheduled')
  return {
    name: pod.metadata.name ?? '',
    uid: pod.metadata.uid ?? '',
    ready: isReady(pod),
    deleting: isDeleting(pod),
    ...(scheduled?.status === 'False' && { scheduled: scheduled.message ?? 'no node was found' }),
    containers: [...inCharge, ...containerStatuses].map(containerOf),
    ...heldBy(specOf(pod)),
    ...(report && { report }),
  }
}

type DeploymentStatus = {
  readonly observedGeneration?: number
  readonly replicas?: number
  readonly updatedReplicas?: number
  readonly readyReplicas?: number
  readonly availableReplicas?: number
  readonly conditions?: readonly Condition[]
}

/** The shape of its pods, as it was kept of it. */
function shapeOf(deployment: ApiObject): { readonly shape?: string } {
  const { shape } = (deployment['spec'] ?? {}) as { readonly shape?: string }
  return shape === undefined ? {} : { shape }
}

/** A Deployment, as its controller reports it. */
export function observedDeployment(deployment: ApiObject): NonNullable<ObservedServer['deployment']> {
  const status = (deployment['status'] ?? {}) as DeploymentStatus
  const failure = status.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  return {
    generation: deployment.metadata.generation ?? 0,
    observedGeneration: status.observedGeneration ?? 0,
    replicas: status.replicas ?? 0,
    updatedReplicas: status.updatedReplicas ?? 0,
    readyReplicas: status.readyReplicas ?? 0,
    availableReplicas: status.availableReplicas ?? 0,
    ...shapeOf(deployment),
    ...(failure && { replicaFailure: failure.message ?? '' }),
  }
}
