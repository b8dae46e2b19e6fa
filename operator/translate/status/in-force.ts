import type { Egress } from '../../../crds/egress.ts'
import type { InForce } from '../../../crds/server-status.ts'
import { defaultHealthCheck, defaultTimeouts, type HealthCheck } from '../../../gateway/config/servers.ts'
import type { ServerRule } from '../../../gateway/config/guardrails.ts'
import { defaultDangerousPatterns } from '../../../gateway/config/tools.ts'
import type { RuleDetector } from '../policy/rule-requests.ts'
import { fullName, originOf } from '../policy/policies.ts'
import type { ServerContext, ServerView } from '../context.ts'
import type { Settings } from '../policy/settings.ts'

const builtIn = 'built-in'

/** A value as one line; the schema of the status bounds its length. */
function shown(value: unknown): string {
  const text = Array.isArray(value)
    ? value.map(String).join(', ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value)
  return text.length > 1024 ? `${text.slice(0, 1023)}…` : text
}

const entry = (field: string, value: unknown, origin: string): InForce => ({ field, value: shown(value), origin })

const own = (field: string, value: unknown, origin: string, fallback: unknown): InForce[] =>
  value !== undefined ? [entry(field, value, origin)] : fallback !== undefined ? [entry(field, fallback, builtIn)] : []

/** A server without healthCheck is not asked at all, so it has no defaults of it either. */
const healthFields = (check: HealthCheck, origin: string): InForce[] => [
  ...own('healthCheck.path', check.path, origin, 'an MCP ping'),
  ...own('healthCheck.interval', check.interval, origin, defaultHealthCheck.interval),
  ...own('healthCheck.timeout', check.timeout, origin, defaultHealthCheck.timeout),
  ...own('healthCheck.failureThreshold', check.failureThreshold, origin, defaultHealthCheck.failureThreshold),
]

function serverFields({ server }: ServerView): InForce[] {
  const { spec, document } = server
  const origin = `MCPServer/${document.name}`
  const { timeouts, healthCheck, toolPolicy } = spec ?? {}
  return [
    ...own('timeouts.request', timeouts?.request, origin, defaultTimeouts.request),
    ...own('timeouts.idle', timeouts?.idle, origin, defaultTimeouts.idle),
    ...(healthCheck ? healthFields(healthCheck, origin) : []),
    ...own('toolPolicy.mode', toolPolicy?.mode, origin, undefined),
    ...own('toolPolicy.allowedTools', toolPolicy?.allowedTools, origin, undefined),
    ...own('toolPolicy.deniedTools', toolPolicy?.deniedTools, origin, undefined),
  ]
}

/** What the pod may reach. */
const egressFields = ({ egress, server }: ServerView): InForce[] =>
  egress.length === 0 ? [] : [entry('egress', egress.map(destination), `MCPServer/${server.document.name}`)]

const destination = ({ cidr, namespace, podLabels, ports }: Egress): string =>
  `${cidr ?? peer({ namespace: namespace ?? '', ...(podLabels && { podLabels }) })}:${ports.join('+')}`

const peer = ({ namespace, podLabels }: Settings['scrapers'][number]): string =>
  podLabels ? `${namespace} ${JSON.stringify(podLabels)}` : namespace

/** The settings of the namespace and of the floor, each with the objects that it comes from. */
function settingsFields({ settings, snapshot }: ServerContext): InForce[] {
  const { publicUrl, hosts, origins, onFailure, auditOutput, limits, tls, allowedNetworks, egress, scrapers, from } =
    settings
  const said = (field: string, value: unknown, fallback?: unknown): InForce[] => {
    const origin = from[field]
    return origin === undefined ? own(field, undefined, '', fallback) : [entry(field, value, origin)]
  }
  return [
    ...said('publicUrl', publicUrl),
    ...said('hosts', hosts),
    ...said('origins', origins),
    ...said('audit.onFailure', onFailure, 'Refuse'),
    ...(snapshot.standalone ? [] : said('audit.output', auditOutput, 'Stdout')),
    ...said('limits.maxConnections', limits?.maxConnections),
    ...said('limits.maxConnectionsPerIp', limits?.maxConnectionsPerIp),
    ...said('tls.secretName', tls?.secretName),
    ...said('servers.allowedNetworks', allowedNetworks, []),
    ...(snapshot.standalone
      ? []
      : [
          ...said('servers.egress.networks', egress.networks),
          ...said('servers.egress.namespaces', egress.namespaces),
          ...said('metrics.scrapers', scrapers.map(peer)),
        ]),
  ]
}

function toolFields({ server, selected, tools }: ServerView): InForce[] {
  const patterns = selected.policies.filter(({ spec }) => spec.tools?.dangerousPatterns)
  const approving = selected.policies.filter(({ spec }) =>
    spec.tools?.approved?.some(approval => approval.server === server.document.name),
  )
  const list = (chosen: typeof patterns): string => shown(chosen.map(originOf))
  return [
    patterns.length > 0
      ? entry('tools.dangerousPatterns', tools.dangerousPatterns, list(patterns))
      : entry('tools.dangerousPatterns', defaultDangerousPatterns, builtIn),
    ...(tools.approved.length > 0 ? [entry('tools.approved', tools.approved, list(approving))] : []),
  ]
}

/** Lists are counted, not told: there may be a thousand words in one, and not everybody who reads a status needs them. */
const option = ([name, value]: [string, unknown]): string =>
  Array.isArray(value) ? `${value.length} ${name}` : `${name} ${JSON.stringify(value)}`

const subjectOf = (detector: RuleDetector): string =>
  Object.entries(detector)
    .map(
      ([name, options]) =>
        `${name} (${Object.entries<unknown>(options ?? {})
          .map(option)
          .join(', ')})`,
    )
    .join(', ')

const ruleField = (
  { detector, channels, action, mode, policy }: ServerRule,
  guard: ServerView['selected'],
): InForce => {
  const source = guard.policies.find(one => fullName(one) === policy)
  return entry(
    `rules.${channels.join('+')}`,
    `${subjectOf(detector)}: ${action}, ${mode}`,
    source ? originOf(source) : `GuardrailPolicy/${policy}`,
  )
}

/** Every setting that holds for a server, with the object that it comes from. At most 256, as the schema of the status says. */
export const inForce = (view: ServerView, context: ServerContext): InForce[] =>
  [
    ...serverFields(view),
    ...egressFields(view),
    ...settingsFields(context),
    ...toolFields(view),
    ...view.rules.map(rule => ruleField(rule, view.selected)),
  ].slice(0, 256)
