import { dirname, join } from 'node:path'
import type { ManifestSource } from './files.ts'
import { kinds as kindTable } from '../crds/index.ts'
import { apiVersion, group } from '../crds/kind.ts'
import { nearest } from '../crds/nearest.ts'
import { parseFile, type ParsedDocument, type Problem } from './parse.ts'
import { readSecret, type EnvironmentVariables, type SecretDocument } from './secrets.ts'

/** One object of ours as a file spells it; whether its spec makes sense is decided later. */
export type Resource = {
  readonly kind: string
  /** Undefined when the document names none: that of the others. */
  readonly namespace: string | undefined
  readonly name: string
  readonly document: ParsedDocument
}

/** What one file holds. A broken file is one of which some documents cannot be known. */
type FileContents = {
  readonly file: string
  readonly resources: readonly Resource[]
  readonly secrets: readonly SecretDocument[]
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  /** What is written of documents whose object is not clear; undefined when nothing is known of any document. */
  readonly unclear: readonly string[] | undefined
}

export type Loaded = {
  readonly resources: readonly Resource[]
  readonly secrets: readonly SecretDocument[]
  /** What cannot be read at all. While there is any at the start, nothing runs: the document might be a guard. */
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  /** Per file, for the next load: what is used while the file is broken. */
  readonly files: ReadonlyMap<string, FileContents>
}

const kinds = Object.keys(kindTable)

type Header = {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function headerOf({ value }: ParsedDocument): Header {
  const metadata = typeof value['metadata'] === 'object' ? (value['metadata'] as Record<string, unknown> | null) : null
  return {
    apiVersion: text(value['apiVersion']),
    kind: text(value['kind']),
    namespace: text(metadata?.['namespace']) || undefined,
    name: text(metadata?.['name']),
  }
}

type Fault = readonly [path: string, message: string]

/** Why kind and apiVersion do not go together, if so. A misspelled guard must not be ignored as an object of another API. */
function kindFault({ apiVersion: version, kind }: Header): Fault | undefined {
  if (kind === 'List') return ['kind', 'a List is not read: write its items as documents of their own']
  if (kinds.includes(kind)) {
    return version === apiVersion ? undefined : ['apiVersion', `apiVersion of a ${kind} must be ${apiVersion}`]
  }
  if (!version.startsWith(`${group}/`)) return undefined
  const meant = nearest(kind, kinds)
  return ['kind', `there is no kind ${kind}; ${meant ? `did you mean ${meant}?` : `there are ${kinds.join(', ')}`}`]
}

const isSecret = ({ apiVersion: version, kind }: Header): boolean => kind === 'Secret' && version === 'v1'

/** Why a document cannot be taken for what it is meant to be, if so. */
function faultOf(header: Header): Fault | undefined {
  if (header.kind === '') return ['kind', 'kind is missing']
  if (header.apiVersion === '') return ['apiVersion', 'apiVersion is missing']
  const fault = kindFault(header)
  if (fault) return fault
  const concerns = kinds.includes(header.kind) || isSecret(header)
  return concerns && header.name === '' ? ['metadata.name', 'metadata.name is missing'] : undefined
}

function readDocument(document: ParsedDocument, environment: EnvironmentVariables): Omit<FileContents, 'file'> {
  const header = headerOf(document)
  const { kind, namespace, name } = header
  const nothing = { resources: [], secrets: [], problems: [], notes: [], unclear: [] }
  const fault = faultOf(header)
  if (fault)
    return {
      ...nothing,
      unclear: [JSON.stringify(document.value)],
      problems: [{ ...document.place(fault[0]), path: fault[0], message: fault[1] }],
    }
  if (kinds.includes(kind)) return { ...nothing, resources: [{ kind, namespace, name, document }] }
  if (isSecret(header)) {
    const { values, problems } = readSecret(document, environment)
    return { ...nothing, secrets: problems.length > 0 ? [] : [{ name, namespace, document, values }], problems }
  }
  const { file, line } = document.place('')
  return { ...nothing, notes: [`${file}:${line}: ${kind} ${name} is ignored: without a cluster nothing acts on it`] }
}

/** Editors empty a file before they write it: for that moment its policies must not be gone. */
const empty = 'the file holds no object: write its objects, or remove the file'

function unreadableFile(file: string, message: string): FileContents {
  const problem = { file, line: 1, column: 1, path: '', message }
  return { file, resources: [], secrets: [], problems: [problem], notes: [], unclear: undefined }
}

function readFile(source: ManifestSource, environment: EnvironmentVariables): FileContents {
  const { file } = source
  if ('unreadable' in source) return unreadableFile(file, source.unreadable)
  const parsed = parseFile(file, source.text)
  if (parsed.documents.length === 0 && parsed.problems.length === 0) return unreadableFile(file, empty)
  const read = parsed.documents.map(document => readDocument(document, environment))
  return {
    file,
    resources: read.flatMap(part => part.resources),
    secrets: read.flatMap(part => part.secrets),
    problems: [...parsed.problems, ...read.flatMap(part => part.problems)],
    notes: read.flatMap(part => part.notes),
    unclear: [...parsed.broken, ...read.flatMap(part => part.unclear ?? [])],
  }
}

const identity = ({ kind, namespace, name }: Resource): string => `${kind} ${namespace ?? ''}/${name}`
const secretIdentity = ({ namespace, name }: SecretDocument): string => `Secret ${namespace ?? ''}/${name}`

/** What is new, and of what was before all that nothing new takes the place of. */
function merge<T>(now: readonly T[], before: readonly T[], nameOf: (item: T) => string): T[] {
  const known = new Set(now.map(nameOf))
  return [...now, ...before.filter(item => !known.has(nameOf(item)))]
}

/** Whether a text names an object, as a whole word. */
const mentions = (text: string, name: string): boolean => text.split(/[^A-Za-z0-9.-]+/).includes(name)

/** The keys that no document shows any more, not even a broken one: they were deleted, and that takes effect at once. */
function deletedKeys({ resources, unclear }: FileContents, before: FileContents): readonly Resource[] {
  if (unclear === undefined) return []
  const known = new Set(resources.map(identity))
  return before.resources.filter(
    one => one.kind === 'APIKey' && !known.has(identity(one)) && !unclear.some(text => mentions(text, one.name)),
  )
}

/** A broken file: what can be read counts, and what it held before and no longer shows stays as it was, but for keys that were deleted. */
function withPreviousContents(now: FileContents, before: FileContents | undefined): FileContents {
  if (now.problems.length === 0 || !before) return now
  const deleted = deletedKeys(now, before)
  const rest = before.resources.filter(one => !deleted.includes(one))
  return {
    ...now,
    resources: merge(now.resources, rest, identity),
    secrets: merge(now.secrets, before.secrets, secretIdentity),
    notes: [
      ...now.notes,
      ...deleted.map(({ name }) => `${now.file}: APIKey ${name} is gone from the file: it is revoked at once`),
    ],
  }
}

/** Last contents of a folder that cannot be listed, file by file. */
const previousFiles = (folder: string, previous: Loaded | undefined): FileContents[] =>
  [...(previous?.files.values() ?? [])]
    .filter(({ file }) => dirname(file) === dirname(join(folder, 'x')))
    .map(held => ({ ...held, problems: [], notes: [] }))

/** What one source holds, with what it held before where that stays. */
function filesOf(
  source: ManifestSource,
  environment: EnvironmentVariables,
  previous: Loaded | undefined,
): FileContents[] {
  const own = withPreviousContents(readFile(source, environment), previous?.files.get(source.file))
  return 'unreadable' in source ? [...previousFiles(source.file, previous), own] : [own]
}

type Named = { readonly name: string; readonly document: ParsedDocument }

/** Two objects of one name are a problem: it is not clear which was meant. */
function duplicates<T extends Named>(all: readonly T[], nameOf: (item: T) => string): Problem[] {
  const first = new Map<string, T>()
  return all.flatMap(item => {
    const other = first.get(nameOf(item))
    if (!other) first.set(nameOf(item), item)
    if (!other) return []
    const { file, line } = other.document.place('')
    const [kind] = nameOf(item).split(' ')
    const message = `${kind} ${item.name} is already defined at ${file}:${line}: remove one of them`
    return [{ ...item.document.place('metadata.name'), path: 'metadata.name', message }]
  })
}

/**
 * Makes one set of objects and secrets out of files. Pure: the texts and the environment are passed in. With `previous`, a file that is broken
 * now keeps what it held, so that one slip of the editor opens nothing and closes nothing, while everything else goes through.
 */
export function load(sources: readonly ManifestSource[], environment: EnvironmentVariables, previous?: Loaded): Loaded {
  const files = new Map(
    sources.flatMap(source => filesOf(source, environment, previous)).map(contents => [contents.file, contents]),
  )
  const all = [...files.values()]
  const resources = all.flatMap(file => file.resources)
  const secrets = all.flatMap(file => file.secrets)
  return {
    resources,
    secrets,
    problems: [
      ...all.flatMap(file => file.problems),
      ...duplicates(resources, identity),
      ...duplicates(secrets, secretIdentity),
    ],
    notes: all.flatMap(file => file.notes),
    files,
  }
}
