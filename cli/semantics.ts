import { statusesOf, translate, type Reason, type Status } from '../operator/translate/index.ts'
import { checkResource } from './check.ts'
import type { Loaded, Resource } from './load.ts'
import type { Problem } from './parse.ts'
import { collectSnapshot } from './snapshot.ts'

/** What only the place of use can tell: the same files may be meant for a cluster, and its Secrets live there. */
const environmentReasons: ReadonlySet<Reason> = new Set([
  'ImageNeedsCluster',
  'StandaloneOnly',
  'SecretNotFound',
  'OtherNamespace',
  'DuplicateName',
  // Consequences of problems that are told where they are.
  'PolicyInvalid',
  'GatewayInvalid',
])

const reportable = ({ status }: Status): Status['status']['conditions'] =>
  status.conditions.filter(({ status: holds, reason }) => holds !== 'True' && !environmentReasons.has(reason))

/** The place that a message begins with, such as `spec.transport: ...`, or else the name of the object. */
function located(message: string, { document }: Resource): Problem {
  const match = /^(spec(?:\.\w+)+)(?:, [\w.]+)*: (.*?)(?: \([^()]*\))?$/s.exec(message)
  const path = match?.[1] ?? 'metadata.name'
  return { ...document.place(path), path, message: match?.[2] ?? message }
}

function problemsOf(resource: Resource, statuses: readonly Status[]): Problem[] {
  const own = statuses.filter(({ kind, name }) => kind === resource.kind && name === resource.name)
  // What the schema refuses was told with its own place.
  if (own.length === 0 || checkResource(resource).length > 0) return []
  return own.flatMap(reportable).map(({ message }) => located(message, resource))
}

/**
 * What is wrong although each document is right by itself, told by the translation: variables set twice, a key that a Secret lacks, a transport
 * that does not go with its server.
 */
export function checkSemantics(loaded: Loaded, salt: Buffer): Problem[] {
  const namespaces = new Set(loaded.resources.map(({ namespace }) => namespace ?? 'default'))
  return [...namespaces].flatMap(namespace => {
    const { snapshot } = collectSnapshot(loaded, { namespace, urls: {}, lastGood: [], salt })
    const statuses = statusesOf(translate(snapshot))
    const here = loaded.resources.filter(resource => (resource.namespace ?? 'default') === namespace)
    return here.flatMap(resource => problemsOf(resource, statuses))
  })
}
