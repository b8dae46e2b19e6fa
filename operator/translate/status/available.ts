import { conditionValue, type ConditionValue } from '../model/condition.ts'
import type { ObservedServer } from '../model/observed.ts'
import { podProblem } from './pod-problems.ts'
import { livePods } from './programmed.ts'

type Deployment = NonNullable<ObservedServer['deployment']>

/** Whether the Deployment has what was asked of it last: all of its pods are new, and none is left over. */
export const isSettled = (deployment: Deployment, wanted: number): boolean =>
  deployment.observedGeneration >= deployment.generation &&
  deployment.updatedReplicas >= wanted &&
  deployment.replicas <= wanted

function settled({ readyReplicas }: Deployment, wanted: number, problem: ConditionValue | undefined): ConditionValue {
  if (readyReplicas >= wanted)
    return conditionValue('True', 'Available', wanted === 1 ? 'The pod runs.' : `All ${wanted} pods run.`)
  if (readyReplicas > 0) {
    const why = problem ? `: ${problem.message}` : ''
    return conditionValue('True', 'SomePodsNotReady', `${readyReplicas} of ${wanted} pods get calls${why}`)
  }
  return (
    problem ??
    conditionValue(
      'False',
      'PodsNotReady',
      'no pod gets calls: its gateway finds the server unwell, or has just been started',
    )
  )
}

/**
 * Whether the pods run. A problem of a pod that is being brought in counts although older ones still serve, since what was asked for does not
 * run; one of several pods that falls ill later leaves the server available.
 */
export function available(observed: ObservedServer, wanted: number, namespace: string): ConditionValue {
  if (wanted === 0)
    return conditionValue('False', 'Stopped', 'There are no pods: the server is stopped or has no replicas.')
  const { deployment } = observed
  if (!deployment) return conditionValue('False', 'RolloutInProgress', 'the Deployment has not been seen yet')
  if (deployment.replicaFailure !== undefined && deployment.replicas < wanted) {
    const text = `pods cannot be created (${deployment.replicaFailure}): raise the quota, or allow pods of this kind in the namespace`
    return conditionValue('False', 'PodsNotCreated', text)
  }
  const problem = livePods(observed)
    .filter(pod => !pod.ready)
    .map(pod => podProblem(pod, namespace))
    .find(one => one !== undefined)
  if (isSettled(deployment, wanted)) return settled(deployment, wanted, problem)
  if (problem)
    return conditionValue(
      'False',
      problem.reason,
      `${problem.message} (${deployment.readyReplicas} older or other pods get calls)`,
    )
  const { updatedReplicas, readyReplicas } = deployment
  return conditionValue(
    'False',
    'RolloutInProgress',
    `${Math.min(updatedReplicas, wanted)} of ${wanted} pods are started with the spec of now, ${readyReplicas} get calls`,
  )
}
