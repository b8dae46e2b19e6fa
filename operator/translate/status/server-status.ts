import { printableAll } from '../../../gateway/config/printable.ts'
import { available } from './available.ts'
import { conditionOf, conditionValue, type StatusCondition } from '../model/condition.ts'
import type { Status } from '../model/desired.ts'
import { replicasOf } from '../objects/deployment.ts'
import { inForce } from './in-force.ts'
import { selectorText } from '../model/names.ts'
import type { Foreign, ObservedServer } from '../model/observed.ts'
import { phaseOf } from './phase.ts'
import { altered, otherContainers, type ExpectedPod } from './pod-drift.ts'
import { expectedPod } from './expected-pod.ts'
import { gatewayProblem, livePods, programmed } from './programmed.ts'
import { ready } from './ready.ts'
import { resolved } from './resolved.ts'
import type { ServerContext, ServerView } from '../context.ts'
import type { ObservedGateway, StatusFields } from '../model/status-fields.ts'
import { inventoryComplete, shownTools, toolsApproved } from './tool-status.ts'
import { urlOf } from './url.ts'

const nothing: ObservedServer = { pods: [], conflicts: [] }

const maxPods = 20
const maxProblem = 512
const maxOthers = 16
const maxNote = 512

/** Pod by pod, those with a problem first, then those with containers of others. */
function gateways(observed: ObservedServer, wanted: string, expected: ExpectedPod | undefined): ObservedGateway[] {
  const all = livePods(observed).map(pod => {
    const problem = gatewayProblem(pod, wanted)?.message.slice(0, maxProblem)
    const hash = pod.report && 'hash' in pod.report ? pod.report.hash.slice(0, 128) : undefined
    const others = expected ? otherContainers(pod, expected).slice(0, maxOthers) : []
    return {
      pod: pod.name,
      ready: pod.ready,
      ...(hash !== undefined && { hash }),
      ...(problem !== undefined && { problem }),
      ...(others.length > 0 && { otherContainers: others }),
    }
  })
  const name = ({ pod, problem, otherContainers }: ObservedGateway): string =>
    `${problem !== undefined ? 0 : otherContainers ? 1 : 2}${pod}`
  return all.toSorted((a, b) => (name(a) < name(b) ? -1 : 1)).slice(0, maxPods)
}

function foreignNote({ kind, name, minor }: Foreign): string {
  const text = `${kind} ${name} holds what others put there: ${minor.join(', ')}`
  return text.length > maxNote ? `${text.slice(0, maxNote - 1)}…` : text
}

/** What one should know although nothing is wrong. */
function notes({ server: { spec, document } }: ServerView, { snapshot }: ServerContext): Pick<StatusFields, 'notes'> {
  if (!spec || snapshot.standalone) return {}
  const replicas = replicasOf(spec)
  const { foreign = [] } = snapshot.observed?.[document.name] ?? nothing
  const minor = foreign.filter(one => one.minor.length > 0).map(foreignNote)
  const all = [...(replicas < 2 ? [] : [sessionNote(replicas)]), ...minor]
  return all.length === 0 ? {} : { notes: all }
}

const sessionNote = (replicas: number): string =>
  `Sessions of protocol revisions up to 2025-11-25 live in one of the ${replicas} pods each: clients are kept with theirs by address, and one that comes to another gets 404 and starts anew.`

/** What the policies come to, for the column. */
function guardOf({ refused, rules }: ServerView): string {
  if (refused !== undefined) return 'Refused'
  if (rules.length === 0) return 'None'
  return rules.some(rule => rule.mode === 'Enforce') ? 'Enforced' : 'Audited'
}

function handshakeFields({ handshake }: ObservedServer, view: ServerView): StatusFields {
  if (handshake?.ok !== true) return {}
  const { serverInfo, revision } = handshake
  return {
    ...shownTools(handshake, view.tools),
    ...(serverInfo && {
      serverInfo: { name: serverInfo.name.slice(0, 256), version: serverInfo.version.slice(0, 256) },
    }),
    revisions: [revision.slice(0, 32)],
  }
}

type Seen = { readonly conditions: readonly StatusCondition[]; readonly fields: StatusFields }

const neverAccepted = conditionValue(
  'False',
  'NotAccepted',
  'no version of the spec was ever accepted, so there is nothing to apply',
)

const podCounts = ({ deployment }: ObservedServer): StatusFields => ({
  replicas: deployment?.replicas ?? 0,
  readyReplicas: deployment?.readyReplicas ?? 0,
})

/** What is known of a server in a cluster once it was observed. */
function seen(view: ServerView, context: ServerContext, hash: string, first: readonly StatusCondition[]): Seen {
  const { document, spec } = view.server
  const observed = context.snapshot.observed?.[document.name] ?? nothing
  const { handshake } = observed
  const compiled = spec !== undefined && (spec.image ?? spec.url) !== undefined
  const replicas = compiled ? replicasOf(spec) : 0
  const expected = compiled && observed.pods.length > 0 ? expectedPod(spec, view, context) : undefined
  const changed = expected && altered(observed, expected, replicas)
  const applied = compiled ? programmed(observed, hash, replicas, changed) : neverAccepted
  const pods = compiled ? available(observed, replicas, document.namespace) : neverAccepted
  const more = [conditionOf('Programmed', applied, document), conditionOf('Available', pods, document)]
  const wayIn = context.hasCallers
  const told = ready({
    before: [...first, ...more],
    stopped: compiled && replicas === 0,
    hasCallers: wayIn,
    handshake,
    hash,
  })
  return {
    conditions: [
      ...more,
      conditionOf('ToolsApproved', toolsApproved(handshake, view.tools), document),
      conditionOf('InventoryComplete', inventoryComplete(handshake), document),
      conditionOf('Ready', told, document),
    ],
    fields: {
      phase: phaseOf({
        compiled,
        replicas,
        observed,
        available: pods,
        programmed: applied,
        ready: told,
        before: document.phase,
      }),
      ...podCounts(observed),
      gateway: { wanted: hash, pods: gateways(observed, hash, expected) },
      ...handshakeFields(observed, view),
    },
  }
}

/** Without a cluster, and before the server was observed, only what the files decide is said. */
function unseen({ server: { spec } }: ServerView): StatusFields {
  const phase = !spec ? ('Failed' as const) : replicasOf(spec) === 0 ? ('Stopped' as const) : undefined
  return phase ? { phase } : {}
}

/** The status of a server. */
export function serverStatus(view: ServerView, context: ServerContext, hash: string | undefined): Status {
  const { server, unresolved } = view
  const { spec, document } = server
  const url = urlOf(document.name, context)
  const first = [server.accepted, ...(spec ? [resolved(unresolved, document)] : [])]
  const isSeen = !context.snapshot.standalone && context.snapshot.observed !== undefined && hash !== undefined
  const { conditions, fields } = isSeen ? seen(view, context, hash, first) : { conditions: [], fields: unseen(view) }
  return {
    kind: 'MCPServer',
    name: document.name,
    namespace: document.namespace,
    // Names, messages and origins come from servers, pods, gateways, the API server and manifests, and every column prints them as they are.
    status: printableAll({
      ...(document.generation !== undefined && { observedGeneration: document.generation }),
      conditions: [...first, ...conditions],
      ...fields,
      ...(!context.snapshot.standalone && { selector: selectorText(document.name) }),
      auth: context.hasCallers ? 'APIKey' : 'None',
      guard: guardOf(view),
      ...(spec && url !== undefined && { url }),
      ...notes(view, context),
      ...(spec && { inForce: inForce(view, context) }),
    }),
  }
}
