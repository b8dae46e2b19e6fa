import type { ApiObject } from '../kit/resource.ts'
import type { Foreign, NameConflict, ApplyRefusal, ServerPlan } from '../translate/index.ts'
import { objectKey, withFingerprint, type DesiredObject } from '../apply/applier.ts'
import type { Owner } from '../ownership.ts'

/** What is known of one server between two plans. An object that is created again under the same name gets a new state. */
export type ServerState = {
  readonly key: string
  readonly namespace: string
  readonly server: string
  readonly owner: Owner
  /** What its Events are about. */
  readonly regarding: ApiObject
  /** The hash that its gateways have to report. */
  hash?: string
  /** Fingerprint of what its pods mount besides the configuration. */
  mounts: string
  stopped: boolean
  /** The Secret of the certificate that its gateways serve. */
  tlsSecret?: string
  /** What was planned last. */
  plan?: ServerPlan
  /** Fingerprints of its objects by key, in the order in which they are applied. */
  fingerprints: ReadonlyMap<string, string>
  /** At least one of its objects has to be applied. */
  needsApply: boolean
  /** An apply was attempted, with or without success. */
  wasAttempted: boolean
  /** What prevented the last apply, by key of the object. */
  readonly conflicts: Map<string, NameConflict>
  readonly refusals: Map<string, ApplyRefusal>
  /** What others keep in an object, by its key. */
  readonly foreign: Map<string, Foreign>
}

export const serverKey = (namespace: string, server: string): string => `${namespace}/${server}`

export function newServerState(object: ApiObject): ServerState {
  const { apiVersion, kind, metadata } = object
  const { namespace = '', name = '', uid = '' } = metadata
  return {
    key: serverKey(namespace, name),
    namespace,
    server: name,
    owner: { kind: 'MCPServer', namespace, name, uid },
    regarding: { ...(apiVersion && { apiVersion }), ...(kind && { kind }), metadata: { namespace, name, uid } },
    mounts: '',
    stopped: false,
    fingerprints: new Map(),
    needsApply: false,
    wasAttempted: false,
    conflicts: new Map(),
    refusals: new Map(),
    foreign: new Map(),
  }
}

/** Stores a plan. A plan that is the same object as before changes nothing. */
export function adoptPlan(state: ServerState, plan: ServerPlan): void {
  if (state.plan === plan) return
  state.plan = plan
  state.fingerprints = new Map(plan.objects.map(object => [objectKey(object), withFingerprint(object).fingerprint]))
}

/** An object of the last plan by its key; undefined while nothing is to be applied. */
export function desiredObject({ plan, needsApply }: ServerState, key: string): DesiredObject | undefined {
  const object = needsApply ? plan?.objects.find(one => objectKey(one) === key) : undefined
  return object && withFingerprint(object)
}

/** The value of the annotation on its pods that makes the kubelet update their mounts. */
export const mountsVersion = ({ hash, mounts }: ServerState): string =>
  `${(hash ?? '').slice(0, 16)}${mounts && `.${mounts}`}`
