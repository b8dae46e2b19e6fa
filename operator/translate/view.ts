import { bounded } from './model/desired.ts'
import type { Judged } from './accept/accept.ts'
import { maxHosts, maxOrigins, maxServers } from './configuration/gateway-config.ts'
import { judgedEgress, type EgressCaps } from './policy/egress.ts'
import { maxKeys } from './configuration/keys.ts'
import { usualOperatorNamespace } from './model/names.ts'
import { guardOf, type Guard } from './policy/policies.ts'
import type { Scene, ServerView } from './context.ts'
import { resolveSecrets, type Missing, type ResolvedSecrets } from './policy/secrets.ts'
import { egressOf, networksOf } from './policy/settings.ts'
import { tlsMissing } from './policy/tls-secret.ts'
import { serverTools } from './policy/tools.ts'

const maxRules = 2048

type Facts = Pick<ServerView, 'guard' | 'rules' | 'tools'>

const settingsBroken = (whose: string): Missing => ({
  reason: 'GatewayInvalid',
  text: `an MCPGateway of ${whose} does not compile and never did: mend or remove it`,
})

function policiesBroken({ broken }: Guard, namespace: string): Missing {
  const names = broken.map(one => (one.namespace === namespace ? one.name : `${one.namespace}/${one.name}`))
  return {
    reason: 'PolicyInvalid',
    text: `GuardrailPolicy ${names.join(', ')} selects this server, does not compile and never did: mend or remove it`,
  }
}

const tooMany: Missing = {
  reason: 'TooManyRules',
  text: `the policies that select this server hold more than ${maxRules} rules or dangerous patterns: merge some of them`,
}

const tooManyNames: Missing = {
  reason: 'TooManyHosts',
  text: `the MCPGateways of the namespace and of the operator's name more than ${maxHosts} hosts or ${maxOrigins} origins together: remove some`,
}

const tooManyKeys: Missing = {
  reason: 'TooManyKeys',
  text: `the namespace has more than ${maxKeys} APIKeys: split it, since no gateway holds more`,
}

const isBroken = (judged: Judged<'MCPGateway'> | undefined): boolean => judged !== undefined && !judged.spec

const isUnsettled = ({ gateway, strays }: Scene): boolean => isBroken(gateway) || strays.length > 0

/** While nobody knows what an MCPGateway was to say, nothing is let out. */
const egressCap = (scene: Scene): EgressCaps['egress'] =>
  isUnsettled(scene) || isBroken(scene.floor?.settings) ? { networks: [], namespaces: [] } : egressOf(scene.settings)

function settingsObstacles(scene: Scene): Missing[] {
  const { floor, tooManyKeys: isFull } = scene
  const { spec } = scene.settings
  const found: readonly (readonly [boolean, Missing])[] = [
    [isUnsettled(scene), settingsBroken('the namespace')],
    [isBroken(floor?.settings), settingsBroken(`namespace ${floor?.namespace}`)],
    [(spec.hosts ?? []).length > maxHosts || (spec.origins ?? []).length > maxOrigins, tooManyNames],
    [isFull, tooManyKeys],
  ]
  return found.flatMap(([holds, missing]) => (holds ? [missing] : []))
}

/** Without a cluster one gateway has all servers; those beyond its limit are told so, each at its own object. */
const tooManyServers: Missing = {
  reason: 'TooManyServers',
  text: `there are more than ${maxServers} servers, and one gateway holds no more: run several, each with some of the files`,
}

/** What stands between the server and its callers although its own spec may be sound. */
function obstacles({ guard, rules, tools }: Facts, scene: Scene): Missing[] {
  return [
    ...settingsObstacles(scene),
    ...(guard.broken.length > 0 ? [policiesBroken(guard, scene.snapshot.namespace)] : []),
    ...(rules.length > maxRules || tools.dangerousPatterns.length > maxRules ? [tooMany] : []),
  ]
}

const noSecrets: ResolvedSecrets = { variables: [], missing: [] }

/** Brings together what the objects of a namespace, and of the floor, say about one server. */
export function viewOf(judged: Judged<'MCPServer'>, scene: Scene): ServerView {
  const { snapshot } = scene
  const { document, spec, accepted } = judged
  const guard = guardOf(document, scene.floor?.policies ?? [], scene.policies)
  const facts: Facts = {
    guard,
    rules: scene.rulesOf(guard.policies),
    tools: serverTools(document.name, spec?.toolPolicy, guard.policies),
  }
  const secrets = spec ? resolveSecrets(spec, snapshot, scene.reserved) : noSecrets
  // Without a cluster the MCPGateway says it; here the floor may have named it, and the pods of every server wait for it.
  const certificate = snapshot.standalone ? [] : tlsMissing(scene)
  const { operatorNamespace = usualOperatorNamespace } = snapshot
  const caps = { allowedNetworks: networksOf(scene.settings), egress: egressCap(scene), operatorNamespace }
  const egress = judgedEgress(snapshot.standalone ? undefined : spec, caps)
  const blocking = [...obstacles(facts, scene), ...(scene.beyond.has(judged) ? [tooManyServers] : [])]
  // In a cluster the pod waits for its Secrets by itself; here nobody else would.
  const all = snapshot.standalone ? [...secrets.missing, ...blocking] : blocking
  const refused = spec
    ? all.map(one => one.text).join('; ')
    : `MCPServer ${document.name} is not accepted: ${accepted.message}`
  return {
    judged,
    ...facts,
    secrets,
    egress: egress.allowed,
    isUrlOpen: egress.isUrlOpen,
    missing: [...secrets.missing, ...certificate, ...blocking, ...egress.missing],
    ...(refused !== '' && { refused: bounded(refused) }),
  }
}
