import { compileKey } from '../../gateway/config/access.ts'
import { accept, type EffectiveObject } from './accept/accept.ts'
import { maxServers, standaloneFiles } from './configuration/gateway-config.ts'
import type { Desired } from './model/desired.ts'
import { readDocuments, sortedBy, type Document } from './model/document.ts'
import { effectiveFloor } from './accept/floor.ts'
import { effectiveObjects } from './accept/accept-kind.ts'
import { effectiveKeys, keySecrets } from './accept/accept-keys.ts'
import { keysFile, maxKeys } from './configuration/keys.ts'
import { Memory } from './memory.ts'
import { guardName } from './model/names.ts'
import { planServerAlone } from './server-facts.ts'
import { planServer } from './plan.ts'
import { ruleCache } from './policy/rules.ts'
import type { SharedContext, NamespaceContext } from './context.ts'
import { combinedSettings, layerOf } from './policy/settings.ts'
import type { Snapshot } from './model/snapshot.ts'
import { plainStatus, statuses } from './status/statuses.ts'
import { viewOf } from './view.ts'
import { hasCallersBy } from './policy/callers.ts'

/** Secrets that carry the label of Bartizan, whatever they are for. */
const ownedSecrets = ({ secrets, namespace }: Snapshot): string[] =>
  secrets.filter(one => one.owned === true && one.namespace === namespace).map(one => one.name)

type Parts = Pick<SharedContext, 'policies' | 'keysFile' | 'tooManyKeys' | 'floor'> & Pick<NamespaceContext, 'gateways'>

/** What all servers share. It is made of effective objects alone, and of a few words of the snapshot that are the same for all. */
function sharedContext({ gateways, ...parts }: Parts, snapshot: Snapshot, memory: Memory): SharedContext {
  const { policies, keysFile: file, tooManyKeys, floor } = parts
  const { standalone, namespace, operatorNamespace, gatewayImage } = snapshot
  const words = [standalone, namespace, operatorNamespace, gatewayImage, tooManyKeys, file]
  const above = [floor?.namespace, floor?.settings, ...(floor?.policies ?? [])]
  const inputs = [...words, above.length, ...above, gateways.length, ...gateways, ...policies]
  return memory.shared(inputs, () => {
    const gateway = gateways.find(one => one.document.name === 'default')
    const layer = floor && layerOf(floor.settings, `MCPGateway/${floor.namespace}/default`)
    return {
      ...parts,
      rulesOf: ruleCache(),
      settings: combinedSettings(layer, layerOf(gateway, 'MCPGateway/default')),
      gateway,
      unexpectedGateways: gateways.filter(one => one.document.name !== 'default'),
    }
  })
}

type Stage = { readonly shared: SharedContext; readonly context: NamespaceContext }

function stageOf(documents: readonly Document[], snapshot: Snapshot, memory: Memory): Stage {
  const gateways = effectiveObjects('MCPGateway', documents, snapshot, memory)
  const servers = effectiveObjects('MCPServer', documents, snapshot, memory)
  const guards = servers.map(server => guardName(server.document.name))
  const keys = effectiveKeys(effectiveObjects('APIKey', documents, snapshot, memory), new Set(guards), snapshot)
  const file = memory.keys(keysFile(keys, snapshot.standalone))
  const parts = {
    policies: effectiveObjects('GuardrailPolicy', documents, snapshot, memory),
    keysFile: file,
    tooManyKeys: keys.length > maxKeys && file.keys.length === 0,
    floor: effectiveFloor(snapshot, memory),
    gateways,
  }
  const shared = sharedContext(parts, snapshot, memory)
  const context: NamespaceContext = {
    ...shared,
    snapshot,
    servers,
    keys,
    gateways,
    reserved: new Set([...guards, ...keySecrets(keys, snapshot), ...ownedSecrets(snapshot)]),
    hasCallers: hasCallersBy(file.keys.map(compileKey), snapshot.now),
    overLimit: new Set(snapshot.standalone ? servers.slice(maxServers) : []),
  }
  return { shared, context }
}

/**
 * Everything that follows from a namespace: the configuration of its gateways, the objects of the cluster, the statuses, and what to keep for
 * objects that will one day not compile. Pure: equal snapshots give equal bytes, whatever the order of their documents.
 * @param memory of earlier snapshots, which spares work and changes nothing else
 */
export function translate(snapshot: Snapshot, memory = new Memory()): Desired {
  const documents = readDocuments(snapshot, memory)
  const own = documents.filter(document => document.namespace === snapshot.namespace)
  const { shared, context } = stageOf(own, snapshot, memory)
  const plans = context.servers.map(server =>
    snapshot.standalone
      ? planServer(viewOf(server, context), context)
      : planServerAlone(server, context, shared, memory),
  )
  memory.done()
  const views = plans.map(({ view }) => view)
  const keys = context.keys.map(({ object }) => object)
  const here: readonly EffectiveObject[] = [...context.servers, ...context.policies, ...keys, ...context.gateways]
  // Objects of other namespaces mean nothing here, and say so.
  const elsewhere = documents.filter(document => document.namespace !== snapshot.namespace)
  return {
    get gateways() {
      return snapshot.standalone ? [standaloneFiles(views, context)] : plans.flatMap(({ files }) => files() ?? [])
    },
    servers: plans.map(({ plan }) => plan),
    keys: context.keysFile,
    generate: context.keys.flatMap(({ toGenerate }) => toGenerate ?? []),
    ...(context.settings.tls && { tlsSecret: context.settings.tls.secretName }),
    statuses: [...statuses(views, context), ...elsewhere.map(document => plainStatus(accept(document, snapshot, 1)))],
    lastGood: sortedBy(
      here.flatMap(one => one.keep ?? []),
      kept => JSON.stringify([kept.kind, kept.name]),
    ),
  }
}

export { Memory } from './memory.ts'
export { events, type StatusEvent, type StatusLike } from './status/events.ts'
export { objectsOf, statusesOf } from './model/desired.ts'
export type {
  StatusCondition,
  ConditionType,
  Desired,
  Generate,
  GatewayFiles,
  KubernetesObject,
  Reason,
  ServerPlan,
  Status,
} from './model/desired.ts'
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
  ApplyRefusal,
} from './model/observed.ts'
export type { Floor, LastGood, SecretFact, Snapshot } from './model/snapshot.ts'
export type { ServerPhase, StatusFields } from './model/status-fields.ts'
export { withdrawals } from './configuration/withdrawals.ts'
