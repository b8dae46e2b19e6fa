import { compileKey } from '../../gateway/config/access.ts'
import { accept, type Judged } from './accept.ts'
import { standaloneFiles } from './config.ts'
import type { Desired } from './desired.ts'
import { readDocuments, sortedBy } from './document.ts'
import { judgedFloor } from './floor.ts'
import { judgedOf } from './judged.ts'
import { judgedKeys, keySecrets } from './judgedkeys.ts'
import { keysFile } from './keys.ts'
import { guardName } from './names.ts'
import { planned } from './plan.ts'
import { ruleBook } from './rules.ts'
import type { Scene } from './scene.ts'
import { combinedSettings, layerOf } from './settings.ts'
import type { Snapshot } from './snapshot.ts'
import { plainStatus, statuses } from './status.ts'
import { viewOf } from './view.ts'

/** Secrets that carry the label of Bartizan, whatever they are for. */
const ownedSecrets = ({ secrets, namespace }: Snapshot): string[] =>
  secrets.filter(one => one.owned === true && one.namespace === namespace).map(one => one.name)

function sceneOf(snapshot: Snapshot): Scene & { readonly gateways: readonly Judged<'MCPGateway'>[] } {
  const documents = readDocuments(snapshot).filter(document => document.namespace === snapshot.namespace)
  const gateways = judgedOf('MCPGateway', documents, snapshot)
  const servers = judgedOf('MCPServer', documents, snapshot)
  const guards = servers.map(server => guardName(server.document.name))
  const keys = judgedKeys(judgedOf('APIKey', documents, snapshot), new Set(guards), snapshot)
  const file = keysFile(keys)
  const floor = judgedFloor(snapshot)
  const gateway = gateways.find(one => one.document.name === 'default')
  const above = floor && layerOf(floor.settings, `MCPGateway/${floor.namespace}/default`)
  return {
    snapshot,
    servers,
    reserved: new Set([...guards, ...keySecrets(keys, snapshot), ...ownedSecrets(snapshot)]),
    policies: judgedOf('GuardrailPolicy', documents, snapshot),
    keys,
    keysFile: file,
    callers: file.keys.map(compileKey),
    rulesOf: ruleBook(),
    settings: combinedSettings(above, layerOf(gateway, 'MCPGateway/default')),
    gateway,
    strays: gateways.filter(one => one.document.name !== 'default'),
    floor,
    gateways,
  }
}

/**
 * Everything that follows from a namespace: the configuration of its gateways, the objects of the cluster, the statuses, and what to keep for
 * objects that will one day not compile. Pure: equal snapshots give equal bytes, whatever the order of their documents.
 */
export function translate(snapshot: Snapshot): Desired {
  const scene = sceneOf(snapshot)
  const views = scene.servers.map(server => viewOf(server, scene))
  const plans = views.map(view => planned(view, scene))
  const keys = scene.keys.map(({ judged }) => judged)
  const here: readonly Judged[] = [...scene.servers, ...scene.policies, ...keys, ...scene.gateways]
  // Objects of other namespaces mean nothing here, and say so.
  const elsewhere = readDocuments(snapshot).filter(document => document.namespace !== snapshot.namespace)
  return {
    gateways: snapshot.standalone ? [standaloneFiles(views, scene)] : plans.flatMap(({ files }) => files ?? []),
    servers: plans.map(({ plan }) => plan),
    generate: scene.keys.flatMap(({ wish }) => wish ?? []),
    ...(scene.settings.tls && { tlsSecret: scene.settings.tls.secretName }),
    statuses: [...statuses(views, scene), ...elsewhere.map(document => plainStatus(accept(document, snapshot, 1)))],
    lastGood: sortedBy(
      here.flatMap(one => one.keep ?? []),
      kept => JSON.stringify([kept.kind, kept.name]),
    ),
  }
}

export { events, type Event, type StatusLike } from './events.ts'
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
