import type { KindName } from '../../crds/index.ts'
import { accept, type Judged } from './accept.ts'
import { gatewayFiles } from './config.ts'
import type { Desired } from './desired.ts'
import { serverPlans } from './plan.ts'
import { readDocuments, sortedBy, type Document } from './document.ts'
import { ruleBook } from './rules.ts'
import type { Scene } from './scene.ts'
import { guardName } from './secrets.ts'
import type { Snapshot } from './snapshot.ts'
import { plainStatus, statuses } from './status.ts'
import { viewOf } from './view.ts'

/** Judges each object of one kind for itself; of several with one name only one is kept, and none of them counts. */
function judged<K extends KindName>(kind: K, documents: readonly Document[], snapshot: Snapshot): Judged<K>[] {
  const named = Map.groupBy(
    documents.filter((one): one is Document & { readonly kind: K } => one.kind === kind),
    one => JSON.stringify([one.namespace, one.name]),
  )
  return [...named.values()].map(twins => accept(twins[0]!, snapshot, twins.length))
}

/**
 * Everything that follows from a namespace: the configuration of its gateways, the objects of the cluster, the statuses, and what to keep for
 * objects that will one day not compile. Pure: equal snapshots give equal bytes, whatever the order of their documents.
 */
export function translate(snapshot: Snapshot): Desired {
  const all = readDocuments(snapshot)
  const documents = all.filter(document => document.namespace === snapshot.namespace)
  const gateways = judged('MCPGateway', documents, snapshot)
  const servers = judged('MCPServer', documents, snapshot)
  const scene: Scene = {
    snapshot,
    servers,
    reserved: new Set(servers.map(server => guardName(server.document.name))),
    policies: judged('GuardrailPolicy', documents, snapshot),
    keys: judged('APIKey', documents, snapshot),
    rulesOf: ruleBook(snapshot.namespace),
    settings: gateways.find(one => one.document.name === 'default'),
    strays: gateways.filter(one => one.document.name !== 'default'),
  }
  const views = scene.servers.map(server => viewOf(server, scene))
  const here: readonly Judged[] = [...scene.servers, ...scene.policies, ...scene.keys, ...gateways]
  // Objects of other namespaces mean nothing here, and say so.
  const elsewhere = all.filter(document => document.namespace !== snapshot.namespace)
  return {
    gateways: gatewayFiles(views, scene),
    servers: serverPlans(views, scene),
    generate: [],
    statuses: [...statuses(views, scene), ...elsewhere.map(document => plainStatus(accept(document, snapshot, 1)))],
    lastGood: sortedBy(
      here.flatMap(one => one.keep ?? []),
      kept => JSON.stringify([kept.kind, kept.name]),
    ),
  }
}

export { objectsOf, statusesOf } from './desired.ts'
export type {
  Condition,
  ConditionType,
  Desired,
  Generate,
  GatewayFiles,
  KubernetesObject,
  Reason,
  ServerPlan,
  Status,
} from './desired.ts'
export type {
  GeneratedKey,
  Handshake,
  NameConflict,
  ObservedContainer,
  ObservedPod,
  ObservedReport,
  ObservedServer,
  Refusal,
} from './observed.ts'
export type { Floor, LastGood, SecretFact, Snapshot } from './snapshot.ts'
export type { Phase, StatusFields } from './statusfields.ts'
