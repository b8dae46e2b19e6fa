import { compileKey } from '../../gateway/config/access.ts'
import { accept, type Judged } from './accept/accept.ts'
import { maxServers, standaloneFiles } from './configuration/gateway-config.ts'
import type { Desired } from './model/desired.ts'
import { readDocuments, sortedBy, type Document } from './model/document.ts'
import { judgedFloor } from './accept/floor.ts'
import { judgedOf } from './accept/accept-kind.ts'
import { judgedKeys, keySecrets } from './accept/accept-keys.ts'
import { keysFile, maxKeys } from './configuration/keys.ts'
import { Memory } from './memory.ts'
import { guardName } from './model/names.ts'
import { plannedAlone } from './narrow.ts'
import { planned } from './plan.ts'
import { ruleBook } from './policy/rules.ts'
import type { Common, Whole } from './context.ts'
import { combinedSettings, layerOf } from './policy/settings.ts'
import type { Snapshot } from './model/snapshot.ts'
import { plainStatus, statuses } from './status/statuses.ts'
import { viewOf } from './view.ts'
import { wayInBy } from './policy/way-in.ts'

/** Secrets that carry the label of Bartizan, whatever they are for. */
const ownedSecrets = ({ secrets, namespace }: Snapshot): string[] =>
  secrets.filter(one => one.owned === true && one.namespace === namespace).map(one => one.name)

type Parts = Pick<Common, 'policies' | 'keysFile' | 'tooManyKeys' | 'floor'> & Pick<Whole, 'gateways'>

/** What all servers share. It is made of judged objects alone, and of a few words of the snapshot that are the same for all. */
function commonOf({ gateways, ...parts }: Parts, snapshot: Snapshot, memory: Memory): Common {
  const { policies, keysFile: file, tooManyKeys, floor } = parts
  const { standalone, namespace, operatorNamespace, gatewayImage } = snapshot
  const words = [standalone, namespace, operatorNamespace, gatewayImage, tooManyKeys, file]
  const above = [floor?.namespace, floor?.settings, ...(floor?.policies ?? [])]
  const inputs = [...words, above.length, ...above, gateways.length, ...gateways, ...policies]
  return memory.common(inputs, () => {
    const gateway = gateways.find(one => one.document.name === 'default')
    const layer = floor && layerOf(floor.settings, `MCPGateway/${floor.namespace}/default`)
    return {
      ...parts,
      rulesOf: ruleBook(),
      settings: combinedSettings(layer, layerOf(gateway, 'MCPGateway/default')),
      gateway,
      strays: gateways.filter(one => one.document.name !== 'default'),
    }
  })
}

type Stage = { readonly common: Common; readonly scene: Whole }

function stageOf(documents: readonly Document[], snapshot: Snapshot, memory: Memory): Stage {
  const gateways = judgedOf('MCPGateway', documents, snapshot, memory)
  const servers = judgedOf('MCPServer', documents, snapshot, memory)
  const guards = servers.map(server => guardName(server.document.name))
  const keys = judgedKeys(judgedOf('APIKey', documents, snapshot, memory), new Set(guards), snapshot)
  const file = memory.keys(keysFile(keys, snapshot.standalone))
  const parts = {
    policies: judgedOf('GuardrailPolicy', documents, snapshot, memory),
    keysFile: file,
    tooManyKeys: keys.length > maxKeys && file.keys.length === 0,
    floor: judgedFloor(snapshot, memory),
    gateways,
  }
  const common = commonOf(parts, snapshot, memory)
  const scene: Whole = {
    ...common,
    snapshot,
    servers,
    keys,
    gateways,
    reserved: new Set([...guards, ...keySecrets(keys, snapshot), ...ownedSecrets(snapshot)]),
    hasWayIn: wayInBy(file.keys.map(compileKey), snapshot.now),
    beyond: new Set(snapshot.standalone ? servers.slice(maxServers) : []),
  }
  return { common, scene }
}

/**
 * Everything that follows from a namespace: the configuration of its gateways, the objects of the cluster, the statuses, and what to keep for
 * objects that will one day not compile. Pure: equal snapshots give equal bytes, whatever the order of their documents.
 * @param memory of earlier snapshots, which spares work and changes nothing else
 */
export function translate(snapshot: Snapshot, memory = new Memory()): Desired {
  const documents = readDocuments(snapshot, memory)
  const own = documents.filter(document => document.namespace === snapshot.namespace)
  const { common, scene } = stageOf(own, snapshot, memory)
  const plans = scene.servers.map(server =>
    snapshot.standalone ? planned(viewOf(server, scene), scene) : plannedAlone(server, scene, common, memory),
  )
  memory.done()
  const views = plans.map(({ view }) => view)
  const keys = scene.keys.map(({ judged }) => judged)
  const here: readonly Judged[] = [...scene.servers, ...scene.policies, ...keys, ...scene.gateways]
  // Objects of other namespaces mean nothing here, and say so.
  const elsewhere = documents.filter(document => document.namespace !== snapshot.namespace)
  return {
    get gateways() {
      return snapshot.standalone ? [standaloneFiles(views, scene)] : plans.flatMap(({ files }) => files() ?? [])
    },
    servers: plans.map(({ plan }) => plan),
    keys: scene.keysFile,
    generate: scene.keys.flatMap(({ wish }) => wish ?? []),
    ...(scene.settings.tls && { tlsSecret: scene.settings.tls.secretName }),
    statuses: [...statuses(views, scene), ...elsewhere.map(document => plainStatus(accept(document, snapshot, 1)))],
    lastGood: sortedBy(
      here.flatMap(one => one.keep ?? []),
      kept => JSON.stringify([kept.kind, kept.name]),
    ),
  }
}

export { Memory } from './memory.ts'
export { events, type StatusLike } from './status/events.ts'
export { objectsOf, statusesOf } from './model/desired.ts'
export type { Desired, Generate, KubernetesObject, Reason, ServerPlan, Status } from './model/desired.ts'
export type {
  Foreign,
  GatewayShape,
  GeneratedKey,
  Handshake,
  NameConflict,
  ObservedContainer,
  ObservedPod,
  ObservedReport,
  ObservedServer,
  Refusal,
} from './model/observed.ts'
export type { LastGood, SecretFact, Snapshot } from './model/snapshot.ts'
export { withdrawals } from './configuration/withdrawals.ts'
