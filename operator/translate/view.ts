import { bounded } from './model/condition.ts'
import type { EffectiveObject } from './accept/effective.ts'
import { maxHosts, maxOrigins, maxServers } from './configuration/gateway-config.ts'
import { allowedEgress, type EgressCaps } from './policy/egress.ts'
import { maxKeys } from './configuration/keys.ts'
import { usualOperatorNamespace } from './model/names.ts'
import { selectedPolicies, type SelectedPolicies } from './policy/policies.ts'
import type { ServerContext, ServerView } from './context.ts'
import { resolveSecrets, type UnresolvedRef, type ResolvedSecrets } from './policy/secrets.ts'
import { egressOf, networksOf } from './policy/settings.ts'
import { tlsMissing } from './policy/tls-secret.ts'
import { serverTools } from './policy/tools.ts'

const maxRules = 2048

type PolicyDecisions = Pick<ServerView, 'selected' | 'rules' | 'tools'>

const settingsBroken = (whose: string): UnresolvedRef => ({
  reason: 'GatewayInvalid',
  text: `an MCPGateway of ${whose} does not compile and never did: mend or remove it`,
})

function policiesBroken({ broken }: SelectedPolicies, namespace: string): UnresolvedRef {
  const names = broken.map(one => (one.namespace === namespace ? one.name : `${one.namespace}/${one.name}`))
  return {
    reason: 'PolicyInvalid',
    text: `GuardrailPolicy ${names.join(', ')} selects this server, does not compile and never did: mend or remove it`,
  }
}

const tooMany: UnresolvedRef = {
  reason: 'TooManyRules',
  text: `the policies that select this server hold more than ${maxRules} rules or dangerous patterns: merge some of them`,
}

const tooManyNames: UnresolvedRef = {
  reason: 'TooManyHosts',
  text: `the MCPGateways of the namespace and of the operator's name more than ${maxHosts} hosts or ${maxOrigins} origins together: remove some`,
}

const tooManyKeys: UnresolvedRef = {
  reason: 'TooManyKeys',
  text: `the namespace has more than ${maxKeys} APIKeys: split it, since no gateway holds more`,
}

const isBroken = (object: EffectiveObject<'MCPGateway'> | undefined): boolean => object !== undefined && !object.spec

const isUnsettled = ({ gateway, unexpectedGateways }: ServerContext): boolean =>
  isBroken(gateway) || unexpectedGateways.length > 0

/** While it is unknown what an MCPGateway was to say, nothing is let out. */
const egressCap = (context: ServerContext): EgressCaps['egress'] =>
  isUnsettled(context) || isBroken(context.floor?.settings)
    ? { networks: [], namespaces: [] }
    : egressOf(context.settings)

function settingsObstacles(context: ServerContext): UnresolvedRef[] {
  const { floor, tooManyKeys: isFull } = context
  const { spec } = context.settings
  const found: readonly (readonly [boolean, UnresolvedRef])[] = [
    [isUnsettled(context), settingsBroken('the namespace')],
    [isBroken(floor?.settings), settingsBroken(`namespace ${floor?.namespace}`)],
    [(spec.hosts ?? []).length > maxHosts || (spec.origins ?? []).length > maxOrigins, tooManyNames],
    [isFull, tooManyKeys],
  ]
  return found.flatMap(([holds, missing]) => (holds ? [missing] : []))
}

/** Without a cluster one gateway has all servers; those beyond its limit are told so, each at its own object. */
const tooManyServers: UnresolvedRef = {
  reason: 'TooManyServers',
  text: `there are more than ${maxServers} servers, and one gateway holds no more: run several, each with some of the files`,
}

/** What stands between the server and its callers although its own spec may be sound. */
function obstacles({ selected, rules, tools }: PolicyDecisions, context: ServerContext): UnresolvedRef[] {
  return [
    ...settingsObstacles(context),
    ...(selected.broken.length > 0 ? [policiesBroken(selected, context.snapshot.namespace)] : []),
    ...(rules.length > maxRules || tools.dangerousPatterns.length > maxRules ? [tooMany] : []),
  ]
}

const noSecrets: ResolvedSecrets = { variables: [], missing: [] }

/** Brings together what the objects of a namespace, and of the floor, say about one server. */
export function viewOf(server: EffectiveObject<'MCPServer'>, context: ServerContext): ServerView {
  const { snapshot } = context
  const { document, spec, accepted } = server
  const selected = selectedPolicies(document, context.floor?.policies ?? [], context.policies)
  const facts: PolicyDecisions = {
    selected,
    rules: context.rulesOf(selected.policies),
    tools: serverTools(document.name, spec?.toolPolicy, selected.policies),
  }
  const secrets = spec ? resolveSecrets(spec, snapshot, context.reserved) : noSecrets
  // Without a cluster the MCPGateway says it; here the floor may have named it, and the pods of every server wait for it.
  const certificate = snapshot.standalone ? [] : tlsMissing(context.settings, snapshot)
  const { operatorNamespace = usualOperatorNamespace } = snapshot
  const caps = { allowedNetworks: networksOf(context.settings), egress: egressCap(context), operatorNamespace }
  const egress = allowedEgress(snapshot.standalone ? undefined : spec, caps)
  const blocking = [...obstacles(facts, context), ...(context.isOverLimit ? [tooManyServers] : [])]
  // In a cluster the pod waits for its Secrets by itself; here nothing else would.
  const all = snapshot.standalone ? [...secrets.missing, ...blocking] : blocking
  const refused = spec
    ? all.map(one => one.text).join('; ')
    : `MCPServer ${document.name} is not accepted: ${accepted.message}`
  return {
    server,
    ...facts,
    secrets,
    egress: egress.allowed,
    isUrlOpen: egress.isUrlOpen,
    unresolved: [...secrets.missing, ...certificate, ...blocking, ...egress.missing],
    ...(refused !== '' && { refused: bounded(refused) }),
  }
}
