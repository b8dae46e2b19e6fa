import { conditionValue, type ConditionValue } from '../model/condition.ts'
import { serverUser } from '../objects/container.ts'
import type { ObservedContainer, ObservedPod } from '../model/observed.ts'

type Place = { readonly pod: ObservedPod; readonly container: ObservedContainer }

const at = ({ pod, container }: Place): string => `pod ${pod.name}, container ${container.name}`

const problem = (place: Place, reason: ConditionValue['reason'], text: string): ConditionValue =>
  conditionValue('False', reason, `${at(place)}: ${text}`)

function pullFailed(place: Place): ConditionValue {
  const message = place.container.waiting?.message ?? ''
  const remedy =
    place.container.name === 'gateway'
      ? 'it is the image of the gateway, set at the operator: check it there, and that the nodes reach its registry'
      : 'check spec.image; for a private registry name a Secret under spec.imagePullSecrets'
  return problem(place, 'ImagePullFailed', `its image cannot be pulled (${message}): ${remedy}`)
}

function configError(place: Place): ConditionValue {
  const message = place.container.waiting?.message ?? ''
  if (/runAsNonRoot|non-numeric user|will run as root/i.test(message)) {
    const text = `the user of the image cannot be proved not to be root (${message}): give the image a numeric USER, such as ${serverUser}`
    return problem(place, 'RunAsNonRoot', text)
  }
  const remedy = /secret|configmap|key/i.test(message)
    ? 'create what is missing, or correct spec.secrets; the pod goes on by itself'
    : 'correct the spec'
  return problem(place, 'ContainerConfigError', `it cannot be made (${message}): ${remedy}`)
}

function startFailed(place: Place, message: string): ConditionValue {
  const text = `it does not start (${message}): check spec.command and spec.args; the program must be in the image and executable for user ${serverUser}`
  return problem(place, 'ContainerStartFailed', text)
}

const pull = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
])
const start = new Set(['RunContainerError', 'CreateContainerError', 'PostStartHookError'])

function waitingProblem(place: Place): ConditionValue | undefined {
  const { reason, message } = place.container.waiting ?? { reason: '', message: '' }
  if (pull.has(reason)) return pullFailed(place)
  if (reason === 'CreateContainerConfigError') return configError(place)
  if (start.has(reason)) return startFailed(place, message)
  return undefined
}

/** What the last lines of a container's log give away. They are judged and never quoted: there may be anything in them. */
const hints: readonly (readonly [RegExp, ConditionValue['reason'], string])[] = [
  [
    /EROFS|read-?only file ?system/i,
    'ReadOnlyFilesystem',
    'it writes where nothing may be written: only /tmp, which is its HOME, is writable; have it keep its files there, by a variable under spec.env if it has one',
  ],
  [
    /EACCES|EPERM|permission denied|operation not permitted/i,
    'PermissionDenied',
    `user ${serverUser} may not do what it does: make the files of the image readable for everybody, and have it listen above port 1024 and write below /tmp`,
  ],
]

function logsOf({ pod, container }: Place, namespace: string): string {
  return `kubectl -n ${namespace} logs ${pod.name} -c ${container.name} --previous`
}

/** Whether a container ends again and again; one that was started anew just now may be well. */
const isLooping = ({ waiting, restarts, ready }: ObservedContainer): boolean =>
  waiting?.reason === 'CrashLoopBackOff' || (restarts > 0 && !ready)

function ended(place: Place, namespace: string): ConditionValue | undefined {
  const { terminated, restarts, name } = place.container
  if (!terminated || !isLooping(place.container)) return undefined
  const { reason, exitCode, message } = terminated
  if (reason === 'OOMKilled') {
    const remedy = name === 'server' ? 'raise spec.resources.limits.memory' : 'fewer calls at once, or more replicas'
    return problem(place, 'OutOfMemory', `it used more memory than its limit: ${remedy}`)
  }
  if (/StartError|ContainerCannotRun/.test(reason)) return startFailed(place, message)
  const hint = name === 'server' ? hints.find(([pattern]) => pattern.test(message)) : undefined
  if (hint) return problem(place, hint[1], hint[2])
  const text = `it ended with exit code ${exitCode} (${restarts} restarts); its last words: ${logsOf(place, namespace)}`
  return problem(place, 'CrashLoop', text)
}

/** What is wrong with a pod, with cause and remedy; undefined when nothing is, as far as its kubelet has told. */
export function podProblem(pod: ObservedPod, namespace: string): ConditionValue | undefined {
  if (pod.scheduled !== undefined) {
    const text = `pod ${pod.name}: no node takes it (${pod.scheduled}): lower spec.resources.requests, or add nodes`
    return conditionValue('False', 'Unschedulable', text)
  }
  const places = pod.containers.map(container => ({ pod, container }))
  return (
    places.map(waitingProblem).find(one => one !== undefined) ??
    places.map(place => ended(place, namespace)).find(one => one !== undefined)
  )
}
