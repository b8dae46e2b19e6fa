import { hashOf } from '../../../gateway/config/hash.ts'
import { isSettled } from './available.ts'
import { conditionValue, type ConditionValue } from '../model/condition.ts'
import { podShape } from '../objects/pod-template.ts'
import type { GatewayShape, ObservedPod, ObservedServer } from '../model/observed.ts'
import { livePods } from './programmed.ts'

type Fields = Readonly<Record<string, unknown>>
type Container = Fields & { readonly name: string }
type Containers = {
  readonly initContainers?: readonly Container[]
  readonly containers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
}

const guard = 'gateway'
/** What decides what runs in a container, and with what. */
const decisive = ['image', 'command', 'args', 'env', 'envFrom', 'volumeMounts'] as const

/** A value without what the API server writes into every pod by itself. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([name, one]) => one !== null && one !== '' && !(name === 'apiVersion' && one === 'v1'),
  )
  return Object.fromEntries(kept.map(([name, one]) => [name, plain(one)]))
}

const all = ({ initContainers = [], containers = [], ephemeralContainers = [] }: Containers): readonly Container[] => [
  ...initContainers,
  ...containers,
  ...ephemeralContainers,
]

/** What the guard's container of a pod, or of a template, is told to run. Kept for every pod, so there are hashes instead of the values. */
export function gatewayShape(spec: Containers): GatewayShape | undefined {
  const container = all(spec).find(({ name }) => name === guard)
  if (!container) return undefined
  const entries = decisive.map(field => [field, hashOf(plain(container[field] ?? [])).slice(0, 12)])
  return Object.fromEntries(entries) as GatewayShape
}

/** Names of all containers of a pod, those of `kubectl debug` among them. */
export const containerNames = (spec: Containers): string[] => all(spec).map(({ name }) => name)

export type ExpectedPod = {
  readonly shape: string | undefined
  readonly gateway: GatewayShape | undefined
  readonly names: ReadonlySet<string>
}

type Template = {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
  readonly spec: Containers
}

/** What pods are to be made of by their template. */
export function expectedPodOf(template: object): ExpectedPod {
  const { metadata, spec } = template as Template
  return {
    shape: metadata.annotations[podShape],
    gateway: gatewayShape(spec),
    names: new Set(containerNames(spec)),
  }
}

/** Containers of a pod that its Deployment does not ask for. */
export const otherContainers = ({ holds = [] }: ObservedPod, { names }: ExpectedPod): string[] =>
  holds.filter(name => !names.has(name))

/** In which of its fields the guard of a pod is not what its Deployment asks for; undefined when it is, and while that is not known. */
function alteration({ name, gateway, holds }: ObservedPod, { gateway: wanted }: ExpectedPod): string | undefined {
  if (holds === undefined || wanted === undefined) return undefined
  if (!gateway) return `pod ${name}: the container gateway is missing`
  const fields = decisive.filter(field => gateway[field] !== wanted[field])
  return fields.length === 0 ? undefined : `pod ${name}, container gateway: ${fields.join(', ')}`
}

/**
 * Pods from before a rollout are made of something else, and are about to go: pods are judged when the Deployment asks for what is wanted now, and has no others.
 */
const areJudged = (observed: ObservedServer, { shape }: ExpectedPod, replicas: number): boolean =>
  observed.deployment !== undefined &&
  observed.deployment.shape === shape &&
  isSettled(observed.deployment, replicas) &&
  livePods(observed).length <= replicas

const maxReported = 5

/** Whether a guard runs something else than it was given: what was changed in the pod itself, or added by admission when it was made. */
export function altered(observed: ObservedServer, expected: ExpectedPod, replicas: number): ConditionValue | undefined {
  if (!areJudged(observed, expected, replicas)) return undefined
  const told = livePods(observed).flatMap(pod => alteration(pod, expected) ?? [])
  if (told.length === 0) return undefined
  const text = `${told.slice(0, maxReported).join('; ')}: not as the Deployment asks for it. Delete the pod; if the next one is the same, exempt the namespace from the admission webhook that changes it`
  return conditionValue('False', 'GatewayAltered', text)
}
