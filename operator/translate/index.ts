import { accept } from './accept/accept.ts'
import { acceptNamespace, lastGoodOf, type AcceptedNamespace } from './accept/accept-namespace.ts'
import { standaloneFiles } from './configuration/gateway-config.ts'
import { keysFile, maxKeys } from './configuration/keys.ts'
import type { SharedContext } from './context.ts'
import type { Desired } from './model/desired.ts'
import { readDocuments } from './model/document.ts'
import { sharedSnapshot, type Snapshot } from './model/snapshot.ts'
import { namespaceContext, serverFacts } from './server-facts.ts'
import { plainStatus, statuses } from './status/statuses.ts'
import { RememberedSteps } from './steps.ts'

/** Combines the keys, the policies and the settings of a namespace. */
function combine(accepted: AcceptedNamespace, snapshot: Snapshot, steps: RememberedSteps): SharedContext {
  const { keys, floor, policies, gateways } = accepted
  const file = steps.keysFile(keysFile(keys, snapshot.standalone))
  return steps.share({
    policies,
    gateways,
    floor: floor && steps.floor(floor),
    keysFile: file,
    tooManyKeys: keys.length > maxKeys && file.keys.length === 0,
    snapshot: steps.sharedSnapshot(sharedSnapshot(snapshot)),
  })
}

/**
 * Everything that follows from a namespace: the configuration of its gateways, the objects of the cluster, the statuses, and what to keep for
 * objects that will one day not compile. Pure: equal snapshots give equal bytes, whatever the order of their documents.
 * @param steps that remember earlier snapshots, which spares work and changes nothing else
 */
export function translate(snapshot: Snapshot, steps = new RememberedSteps()): Desired {
  // Read: the objects of our kinds, as they say they are.
  const documents = readDocuments(snapshot, steps.read)
  const own = documents.filter(document => document.namespace === snapshot.namespace)
  const elsewhere = documents.filter(document => document.namespace !== snapshot.namespace)
  // Accept: of each object the spec that is in force.
  const accepted = acceptNamespace(own, snapshot, steps)
  // Combine: what the other objects come to for all servers, and then what concerns each of them alone.
  const shared = combine(accepted, snapshot, steps)
  const namespace = namespaceContext(accepted, shared, snapshot)
  // Plan each server: its configuration, its objects, its status.
  const inputs = accepted.servers.map(server => ({ server, shared, facts: serverFacts(server, namespace) }))
  const plans = steps.plan(inputs)
  const views = plans.map(({ view }) => view)
  return {
    get gateways() {
      return snapshot.standalone ? [standaloneFiles(views, shared)] : plans.flatMap(({ files }) => files() ?? [])
    },
    servers: plans.map(({ plan }) => plan),
    keys: shared.keysFile,
    generate: accepted.keys.flatMap(({ toGenerate }) => toGenerate ?? []),
    ...(shared.settings.spec.tls && { tlsSecret: shared.settings.spec.tls.secretName }),
    // Objects of other namespaces have no effect here, and their statuses say so.
    statuses: [
      ...statuses(views, accepted.keys, shared, snapshot),
      ...elsewhere.map(document => plainStatus(accept(document, snapshot, 1))),
    ],
    lastGood: lastGoodOf(accepted),
  }
}

export { RememberedSteps } from './steps.ts'
export { events, type StatusLike } from './status/events.ts'
export { objectsOf, statusesOf } from './model/desired.ts'
export type { Desired, Generate, KubernetesObject, ServerPlan, Status } from './model/desired.ts'
export type {
  ApplyRefusal,
  Foreign,
  GatewayShape,
  GeneratedKey,
  Handshake,
  NameConflict,
  ObservedContainer,
  ObservedPod,
  ObservedReport,
  ObservedServer,
} from './model/observed.ts'
export type { Reason } from './model/reasons.ts'
export type { LastGood, SecretFact, Snapshot } from './model/snapshot.ts'
export { withdrawals } from './configuration/withdrawals.ts'
