import { schemaNumber } from '../../../gateway/config/index.ts'
import { conditionValue, type ConditionValue } from '../model/condition.ts'
import type { Foreign, ObservedPod, ObservedServer, ApplyRefusal } from '../model/observed.ts'

/** Why the gateway of a pod does not run what is wanted, the gravest first; undefined when it does. */
export function gatewayProblem({ name, report }: ObservedPod, wanted: string): ConditionValue | undefined {
  if (!report) return conditionValue('False', 'WaitingForGateways', `pod ${name}: its gateway has not been asked yet`)
  if ('error' in report) return conditionValue('False', 'GatewayUnreachable', `pod ${name}: ${report.error}`)
  if (!report.ok && report.schema < schemaNumber) {
    const text = `pod ${name}: its gateway reads contract ${report.schema} and the configuration is of ${schemaNumber}; delete the pod, or wait until it is replaced`
    return conditionValue('False', 'GatewayOutdated', text)
  }
  if (!report.ok) {
    const issues = report.issues.length > 0 ? report.issues.join('; ') : 'it does not say why'
    return conditionValue('False', 'GatewayRefused', `pod ${name}: the configuration does not compile: ${issues}`)
  }
  if (report.hash === wanted) return undefined
  return conditionValue(
    'False',
    'WaitingForGateways',
    `pod ${name}: its gateway still runs the configuration before this one`,
  )
}

const reasonsBySeverity = ['GatewayRefused', 'GatewayOutdated', 'GatewayUnreachable', 'WaitingForGateways']

/** Pods that count: one that ends gets no new calls. */
export const livePods = ({ pods }: ObservedServer): readonly ObservedPod[] => pods.filter(pod => !pod.deleting)

/** A gateway that refuses its first configuration never turns ready, so its refusal counts before that. */
const isReportable = (pod: ObservedPod): boolean =>
  pod.ready || (pod.report !== undefined && 'ok' in pod.report && !pod.report.ok)

function gateways(observed: ObservedServer, wanted: string): ConditionValue {
  const pods = livePods(observed)
  const problems = pods
    .filter(isReportable)
    .flatMap(pod => gatewayProblem(pod, wanted) ?? [])
    .toSorted((a, b) => reasonsBySeverity.indexOf(a.reason) - reasonsBySeverity.indexOf(b.reason))
  const [worst] = problems
  if (worst) {
    const message = problems.filter(one => one.reason === worst.reason).map(one => one.message)
    return conditionValue('False', worst.reason, message.slice(0, 5).join('; '))
  }
  const ready = pods.filter(pod => pod.ready).length
  if (ready === 0) return conditionValue('False', 'WaitingForGateways', 'no pod is ready yet')
  return conditionValue(
    'True',
    'Programmed',
    `${ready === 1 ? 'The gateway runs' : `All ${ready} gateways run`} this configuration.`,
  )
}

const maxEntries = 8

const listed = (entries: readonly string[]): string =>
  [
    ...entries.slice(0, maxEntries),
    ...(entries.length > maxEntries ? [`${entries.length - maxEntries} more`] : []),
  ].join(', ')

function refusedText({ kind, name, message, entries = [] }: ApplyRefusal): string {
  if (entries.length > 0) {
    const remedy = `delete it (kubectl delete ${kind.toLowerCase()} ${name}), and it is made anew; if an admission webhook adds them again, exempt the namespace from it`
    return `${kind} ${name}: ${message}. It holds what is to go: ${listed(entries)}: ${remedy}`
  }
  const remedy = remedyFor(message)
  return `${kind} ${name}: ${message}${remedy && `: ${remedy}`}`
}

/** What the operator itself asks for passes its own fence, but for where it asks for it. */
function remedyFor(message: string): string {
  if (!message.includes(`ValidatingAdmissionPolicy 'operator`)) return ''
  if (message.includes('namespaces that begin with kube-')) return 'move the MCPServer into another namespace'
  const exempt =
    'the operator asks for no such thing, so an admission webhook of the cluster adds it: exempt the namespace from it'
  return message.includes('mcp.gateway.io/admission-adds')
    ? `${exempt}, or, if it does no harm, have it named in that annotation`
    : exempt
}

const foreignText = ({ kind, name, grave }: Foreign): string =>
  `${kind} ${name}: ${listed(grave)}: not as the operator wrote it, and again so after it was put right. Exempt the namespace from the admission webhook that does it, or end the controller; the operator tries again every ten minutes at the most`

/** Whether the objects are applied and every ready gateway runs the wanted configuration. */
export function programmed(
  observed: ObservedServer,
  wanted: string,
  replicas: number,
  altered?: ConditionValue,
): ConditionValue {
  const { conflicts, refusals = [] } = observed
  const foreign = (observed.foreign ?? []).filter(({ grave }) => grave.length > 0)
  if (conflicts.length > 0) {
    const text = conflicts.map(
      ({ kind, name, owner }) =>
        `${kind} ${name} belongs to ${owner} and is left alone: rename or remove it, or give the MCPServer another name`,
    )
    return conditionValue('False', 'Conflict', text.join('; '))
  }
  if (refusals.length > 0) return conditionValue('False', 'ApplyRefused', refusals.map(refusedText).join('; '))
  if (foreign.length > 0) return conditionValue('False', 'ForeignEntries', foreign.map(foreignText).join('; '))
  if (replicas === 0)
    return conditionValue('True', 'Stopped', 'No gateway runs: the server is stopped or has no replicas.')
  return altered ?? gateways(observed, wanted)
}
