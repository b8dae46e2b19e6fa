import { apiVersion, isKindName, type KindName } from '../../../crds/index.ts'
import type { Snapshot } from './snapshot.ts'

/** What can be told of an object without believing anything about its spec. */
export type Document = {
  readonly kind: KindName
  readonly name: string
  readonly namespace: string
  readonly uid?: string
  readonly generation?: number
  /** When the API server made it; unknown without a cluster. */
  readonly created?: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: unknown
  /** What its status said so far, in one word. */
  readonly phase?: string
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Orders by a text that is derived from each item, once, by code unit: the same on every machine. */
export const sortedBy = <T>(items: readonly T[], key: (item: T) => string): T[] =>
  items
    .map(item => ({ item, text: key(item) }))
    .sort((left, right) => byText(left.text, right.text))
    .map(({ item }) => item)

function read(document: unknown, namespace: string): Document[] {
  const { apiVersion: version, kind, metadata, spec, status } = fieldsOf(document)
  const { phase } = fieldsOf(status)
  if (version !== apiVersion || !isKindName(kind)) return []
  const { name, namespace: own, uid, generation, labels, creationTimestamp: created } = fieldsOf(metadata)
  const texts = Object.entries(fieldsOf(labels)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return [
    {
      kind,
      name: typeof name === 'string' ? name : '',
      namespace: typeof own === 'string' && own !== '' ? own : namespace,
      ...(typeof uid === 'string' && { uid }),
      ...(typeof generation === 'number' && { generation }),
      ...(typeof created === 'string' && { created }),
      labels: Object.fromEntries(texts),
      spec: spec ?? {},
      ...(typeof phase === 'string' && { phase }),
    },
  ]
}

/** An object of ours as it was read, and its place among the others. */
export type ReadDocument = { readonly document: Document; readonly order: string }

/** What an object says about itself; nothing if it is of another group. */
export const readDocument = (object: unknown, namespace: string): readonly ReadDocument[] =>
  read(object, namespace).map(document => ({
    document,
    order: JSON.stringify([document.kind, document.namespace, document.name, document.spec]),
  }))

/** The objects of our kinds in an order that does not depend on theirs. Objects of other groups are left out. */
export function readDocuments(
  { documents, namespace }: Pick<Snapshot, 'documents' | 'namespace'>,
  readOne: typeof readDocument,
): Document[] {
  const all = documents.flatMap(one => readOne(one, namespace))
  return sortedBy(all, ({ order }) => order).map(({ document }) => document)
}
