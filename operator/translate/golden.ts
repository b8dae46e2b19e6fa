import { parseAllDocuments, stringify } from 'yaml'
import type { Desired } from './desired.ts'
import type { SecretFact, Snapshot } from './snapshot.ts'

/** What separates the input documents of a golden file from everything that comes out. */
export const mark = '# Output\n'

type Fields = Readonly<Record<string, unknown>>

type Input = {
  readonly kind?: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly resourceVersion?: string }
}

function secretOf(
  document: Input & { readonly data?: Fields; readonly stringData?: Fields },
  namespace: string,
): SecretFact {
  const { name = '', namespace: own = namespace, resourceVersion = '1' } = document.metadata ?? {}
  return {
    name,
    namespace: own,
    keys: Object.keys({ ...document.data, ...document.stringData }),
    hash: resourceVersion,
  }
}

/**
 * Reads the input of a golden file: documents of our kinds, `kind: Secret` (of which only names and keys count), and at most one
 * `kind: Snapshot` with the fields of Snapshot that are not the default.
 */
export function readSnapshot(text: string): Snapshot {
  const documents = parseAllDocuments(text)
    .map(document => document.toJS() as (Input & Partial<Snapshot>) | null)
    .filter(document => document !== null)
  const { kind: _, ...given } = documents.find(document => document.kind === 'Snapshot') ?? {}
  const base: Snapshot = { standalone: false, namespace: 'default', documents: [], secrets: [], lastGood: [], ...given }
  return {
    ...base,
    documents: documents.filter(document => document.kind !== 'Snapshot' && document.kind !== 'Secret'),
    secrets: documents
      .filter(document => document.kind === 'Secret')
      .map(document => secretOf(document, base.namespace)),
  }
}

/** Everything that came out, as text: keys sorted, one spelling. */
export const written = (desired: Desired): string =>
  stringify(desired, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false })
