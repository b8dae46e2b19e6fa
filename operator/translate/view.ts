import { bounded } from './desired.ts'
import type { Judged } from './accept.ts'
import { guardOf, type Guard } from './policies.ts'
import type { Scene, ServerView } from './scene.ts'
import { resolveSecrets, type Missing, type ResolvedSecrets } from './secrets.ts'
import { serverTools } from './tools.ts'

const maxRules = 2048

type Facts = Pick<ServerView, 'guard' | 'rules' | 'tools'>

const settingsBroken: Missing = {
  reason: 'GatewayInvalid',
  text: 'an MCPGateway of the namespace does not compile and never did: mend or remove it',
}

const policiesBroken = ({ broken }: Guard): Missing => ({
  reason: 'PolicyInvalid',
  text: `GuardrailPolicy ${broken.join(', ')} selects this server, does not compile and never did: mend or remove it`,
})

const tooMany: Missing = {
  reason: 'TooManyRules',
  text: `the policies that select this server hold more than ${maxRules} rules or dangerous patterns: merge some of them`,
}

/** What stands between the server and its callers although its own spec may be sound. */
function obstacles({ guard, rules, tools }: Facts, { settings, strays }: Scene): Missing[] {
  return [
    ...((settings && !settings.spec) || strays.length > 0 ? [settingsBroken] : []),
    ...(guard.broken.length > 0 ? [policiesBroken(guard)] : []),
    ...(rules.length > maxRules || tools.dangerousPatterns.length > maxRules ? [tooMany] : []),
  ]
}

const noSecrets: ResolvedSecrets = { variables: [], missing: [] }

/** Brings together what the objects of a namespace say about one server. */
export function viewOf(judged: Judged<'MCPServer'>, scene: Scene): ServerView {
  const { snapshot } = scene
  const { document, spec, accepted } = judged
  const guard = guardOf(document, scene.policies)
  const facts: Facts = {
    guard,
    rules: scene.rulesOf(guard.policies),
    tools: serverTools(document.name, spec?.toolPolicy, guard.policies),
  }
  const secrets = spec ? resolveSecrets(spec, snapshot, scene.reserved) : noSecrets
  const blocking = obstacles(facts, scene)
  // In a cluster the pod waits for its Secrets by itself; here nobody else would.
  const all = snapshot.standalone ? [...secrets.missing, ...blocking] : blocking
  const refused = spec
    ? all.map(one => one.text).join('; ')
    : `MCPServer ${document.name} is not accepted: ${accepted.message}`
  return {
    judged,
    ...facts,
    secrets,
    missing: [...secrets.missing, ...blocking],
    ...(refused !== '' && { refused: bounded(refused) }),
  }
}
