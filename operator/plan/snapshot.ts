import type { MonotonicClock } from '../kit/clock.ts'
import type { ApiObject } from '../kit/resource.ts'
import type { ObservedServer, Snapshot } from '../translate/index.ts'
import type { Caches } from '../cache/caches.ts'
import type { ServerState } from './server-state.ts'
import type { GeneratedKeys } from '../secrets/generated-keys.ts'
import type { GuardSecrets } from '../secrets/guard-secrets.ts'
import type { LastGoodStore } from '../apply/last-good.ts'
import { secretNames, type NamedSecrets } from '../secrets/named-secrets.ts'
import type { Observations } from './observations.ts'
import { isDeleting, isReady, observedDeployment, observedPod } from '../cache/observed-pods.ts'

/** Where a snapshot comes from. All of it is in memory. */
export type SnapshotSources = {
  readonly caches: Caches
  readonly secrets: NamedSecrets
  readonly guards: GuardSecrets
  readonly generated: GeneratedKeys
  readonly lastGood: LastGoodStore
  readonly observations: Observations
  readonly clock: MonotonicClock
  readonly gatewayImage: string
  readonly operatorNamespace: string
}

/** The Secrets that the answer for a namespace depends on: those that its objects name, and the certificate that the floor names for it. */
export const secretsNamedIn = ({ caches, operatorNamespace }: SnapshotSources, namespace: string): Set<string> =>
  new Set([
    ...documentsOf(caches, namespace).flatMap(secretNames),
    ...caches.own.MCPGateway.store.list(operatorNamespace).flatMap(secretNames),
  ])

/** The objects of our kinds in a namespace; those that are being deleted do not count any more. */
export const documentsOf = ({ own }: Caches, namespace: string): ApiObject[] =>
  Object.values(own).flatMap(({ store }) => store.list(namespace).filter(object => !isDeleting(object)))

const floorKinds = new Set(['MCPGateway', 'GuardrailPolicy'])

function floorOf({ caches, lastGood, operatorNamespace }: SnapshotSources): NonNullable<Snapshot['floor']> {
  return {
    documents: documentsOf(caches, operatorNamespace).filter(({ kind }) => floorKinds.has(kind ?? '')),
    lastGood: lastGood.of(operatorNamespace).filter(({ kind }) => floorKinds.has(kind)),
  }
}

function observedServer(sources: SnapshotSources, state: ServerState): ObservedServer {
  const { caches, observations, guards } = sources
  const { namespace, server, key } = state
  const { reports } = observations.of(key)
  const pods = caches.podsOf(namespace, server)
  const deployment = caches.children.Deployment.store.get(namespace, `mcp-${server}`)
  const ready = pods.filter(pod => isReady(pod) && !isDeleting(pod)).map(pod => pod.metadata.uid ?? '')
  const handshake = observations.handshake(key, ready)
  const { conflict, refusal } = guards.problem(namespace, server)
  return {
    ...(deployment && { deployment: observedDeployment(deployment) }),
    pods: pods
      .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
      .map(pod => observedPod(pod, reports.get(pod.metadata.uid ?? ''))),
    ...(handshake && { handshake }),
    conflicts: [...(conflict ? [conflict] : []), ...state.conflicts.values()],
    refusals: [...(refusal ? [refusal] : []), ...state.refusals.values()],
    ...(state.foreign.size > 0 && { foreign: [...state.foreign.values()] }),
  }
}

/** Everything that the translation may read, as it is known at this moment. It is synchronous, so that the last plan knows most. */
export function gatherSnapshot(namespace: string, servers: readonly ServerState[], sources: SnapshotSources): Snapshot {
  const { caches, secrets, guards, generated, lastGood, clock, gatewayImage, operatorNamespace } = sources
  const tokens = servers.flatMap(({ server }) => {
    const keys = guards.keys(namespace, server)
    return keys ? [[server, keys.drain] as const] : []
  })
  return {
    standalone: false,
    namespace,
    documents: documentsOf(caches, namespace),
    secrets: secrets.facts(namespace),
    lastGood: lastGood.of(namespace),
    gatewayImage,
    operatorNamespace,
    now: clock.now(),
    ...(namespace !== operatorNamespace && { floor: floorOf(sources) }),
    generated: generated.of(namespace),
    drainTokens: Object.fromEntries(tokens),
    observed: Object.fromEntries(servers.map(state => [state.server, observedServer(sources, state)])),
  }
}
