import { parseAllDocuments, stringify } from 'yaml'
import {
  objectsOf,
  statusesOf,
  translate,
  type Desired,
  type SecretFact,
  type ServerPlan,
  type Snapshot,
} from '../index.ts'
import { usualOperatorNamespace } from '../model/names.ts'
import type { Floor } from '../model/snapshot.ts'
import { podWishOf } from '../status/pod-drift.ts'

/** What separates the input documents of a golden file from everything that comes out. */
export const mark = '# Output\n'

type Fields = Readonly<Record<string, unknown>>

type Input = Fields & {
  readonly kind?: string
  readonly metadata?: {
    readonly name?: string
    readonly namespace?: string
    readonly resourceVersion?: string
    readonly labels?: Readonly<Record<string, string>>
  }
}

/** Documents that stand for facts of the snapshot and are no objects. */
const facts = ['Golden', 'Snapshot', 'Secret', 'Observed', 'Generated']

function secretOf(document: Input, namespace: string): SecretFact {
  const { name = '', namespace: own = namespace, resourceVersion = '1', labels } = document.metadata ?? {}
  return {
    name,
    namespace: own,
    keys: Object.keys({ ...(document['data'] as object), ...(document['stringData'] as object) }),
    hash: resourceVersion,
    ...(labels?.['app.kubernetes.io/managed-by'] === 'bartizan' && { owned: true }),
  }
}

const nameOf = ({ metadata }: Input): string => metadata?.name ?? ''

/** Fields of a fact, without what says which it is. */
const factOf = (fact: Input): Fields =>
  Object.fromEntries(Object.entries(fact).filter(([name]) => name !== 'kind' && name !== 'metadata'))

type Read = { readonly objects: readonly Input[]; readonly of: (kind: string) => readonly Input[] }

function read(text: string): Read {
  const documents = parseAllDocuments(text)
    .map(document => document.toJS() as Input | null)
    .filter(document => document !== null)
  return {
    objects: documents.filter(({ kind = '' }) => !facts.includes(kind)),
    of: kind => documents.filter(document => document.kind === kind),
  }
}

/** Objects of the operator's namespace are the floor of any other. */
function placed(objects: readonly Input[], base: Snapshot): Pick<Snapshot, 'documents' | 'floor'> {
  const isFloor = ({ metadata }: Input): boolean =>
    base.operatorNamespace !== undefined &&
    base.namespace !== base.operatorNamespace &&
    metadata?.namespace === base.operatorNamespace
  const floor: Floor = { documents: objects.filter(isFloor), lastGood: base.floor?.lastGood ?? [] }
  return {
    documents: objects.filter(object => !isFloor(object)),
    ...(floor.documents.length > 0 && { floor }),
  }
}

/** The shape of the pods that are wanted, by which their Deployment names them. */
function shapeOf({ objects }: ServerPlan): string {
  const deployment = objects.find(({ kind }) => kind === 'Deployment')
  return deployment ? (podWishOf(deployment).shape ?? '') : ''
}

/** `$HASH` in what was observed stands for the hash that is wanted, `$SHAPE` for the shape of its pods: neither could be written down. */
function withHashes(snapshot: Snapshot): Snapshot {
  if (!snapshot.observed) return snapshot
  const plans = new Map(translate(snapshot).servers.map(plan => [plan.server, plan]))
  const entries = Object.entries(snapshot.observed).map(([server, observed]) => {
    const plan = plans.get(server)
    const text = JSON.stringify(observed)
      .replaceAll('$HASH', plan?.hash ?? '')
      .replaceAll('$SHAPE', plan ? shapeOf(plan) : '')
    return [server, JSON.parse(text) as typeof observed] as const
  })
  return { ...snapshot, observed: Object.fromEntries(entries) }
}

/**
 * Reads the input of a golden file: documents of our kinds, `kind: Secret` (of which only names and keys count), `kind: Observed` and
 * `kind: Generated` (what was seen of the server or key of that name), and at most one `kind: Snapshot` with the fields of Snapshot that are not
 * the default. `kind: Golden` says what of the output is meant.
 */
export function readSnapshot(text: string): Snapshot {
  const { objects, of } = read(text)
  const given = factOf(of('Snapshot')[0] ?? {}) as Partial<Snapshot>
  const base: Snapshot = { standalone: false, namespace: 'default', documents: [], secrets: [], lastGood: [], ...given }
  const inCluster: Snapshot = base.standalone ? base : { operatorNamespace: usualOperatorNamespace, ...base }
  const servers = objects.filter(({ kind }) => kind === 'MCPServer').map(nameOf)
  const observed = of('Observed').map(one => [nameOf(one), { pods: [], conflicts: [], ...factOf(one) }] as const)
  const generated = of('Generated').map(one => ({ apiKey: nameOf(one), ...factOf(one) }))
  return withHashes({
    ...inCluster,
    ...placed(objects, inCluster),
    secrets: of('Secret').map(document => secretOf(document, base.namespace)),
    ...(!base.standalone && { drainTokens: Object.fromEntries(servers.map(name => [name, `drain-token-of-${name}`])) }),
    ...(observed.length > 0 && { observed: Object.fromEntries(observed) }),
    ...(generated.length > 0 && { generated }),
  })
}

const spelled = (value: unknown): string =>
  stringify(value, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false })

/** Everything that came out, as text: members sorted, one spelling. The keys stand in each gateway. */
export function written(desired: Desired): string {
  const { keys: _, ...rest } = desired
  return spelled(rest)
}

const conditionsOf = (desired: Desired): object =>
  Object.fromEntries(
    statusesOf(desired).map(({ kind, name, status }) => {
      const { conditions, ...fields } = status
      const told = conditions.map(one => `${one.type}=${one.status}, reason: ${one.reason}\n${one.message}`)
      const others = Object.entries(fields).filter(([field]) => field !== 'inForce')
      return [`${kind} ${name}`, { ...Object.fromEntries(others), conditions: told }]
    }),
  )

/** What of the output a golden file is about: `only: objects` or `only: conditions`, else everything. */
export function shownOf(input: string, desired: Desired): string {
  const [only] = read(input).of('Golden')
  if (only?.['only'] === 'objects') return spelled(objectsOf(desired))
  return only?.['only'] === 'conditions' ? spelled(conditionsOf(desired)) : written(desired)
}
