import { isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, type Document as YamlDocument } from 'yaml'
import type { Node } from 'yaml'

/** Line and column count from 1. */
export type SourceLocation = { readonly file: string; readonly line: number; readonly column: number }

/** Something wrong in a file: where, at which path of the document, and what to do about it. */
export type Problem = SourceLocation & { readonly path: string; readonly message: string }

/** One document of a file, with the way back to its text. */
export type ParsedDocument = {
  readonly file: string
  readonly value: Record<string, unknown>
  /** The place of a path such as `spec.servers[0].name`, or of the nearest parent that is written down. */
  place(path: string, of?: 'key' | 'value'): SourceLocation
}

export type ParsedFile = {
  readonly documents: readonly ParsedDocument[]
  readonly problems: readonly Problem[]
  /** Texts of the documents that are broken: all that is known of what they are. */
  readonly broken: readonly string[]
}

/** A file of manifests is written by people; what is larger than this is something else. */
const maxText = 4 * 1024 * 1024
/** How often aliases may multiply what they name, the usual guard against documents that unfold without end. */
const maxAliases = 100

const parserOptions = { merge: true, stringKeys: true, uniqueKeys: true, prettyErrors: false, strict: true } as const

type Step = { readonly key: Node | undefined; readonly value: Node | undefined; readonly rest: string }

const ends = (rest: string): boolean => rest === '' || rest.startsWith('.') || rest.startsWith('[')

/** The longest key that the path goes on with: keys such as `app.kubernetes.io/name` hold dots themselves. */
function intoMap(node: Node | null | undefined, path: string): Step | undefined {
  if (!isMap(node)) return undefined
  let found: Step | undefined
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue
    const name = String(pair.key.value)
    const rest = path.slice(name.length)
    if (!path.startsWith(name) || !ends(rest) || (found && found.rest.length <= rest.length)) continue
    found = { key: pair.key, value: (pair.value as Node | null) ?? undefined, rest }
  }
  return found
}

function intoList(node: Node | null | undefined, path: string): Step | undefined {
  const index = /^\[(\d+)\]/.exec(path)
  if (!isSeq(node) || index === null) return undefined
  const value = node.items[Number(index[1])] as Node | undefined
  return value && { key: undefined, value, rest: path.slice(index[0].length) }
}

/** The node that stands for a step: its key, or at the end of the path its value when that is asked for. */
function pointed({ key, value, rest }: Step, of: 'key' | 'value'): Node | undefined {
  return rest === '' && of === 'value' ? (value ?? key) : (key ?? value)
}

/** Offset in the text of what a path names. */
function offsetOf(root: Node | null, path: string, of: 'key' | 'value'): number {
  let at = root ?? undefined
  let offset = root?.range?.[0] ?? 0
  let rest = path
  while (rest !== '') {
    const step: Step | undefined = intoList(at, rest) ?? intoMap(at, rest.replace(/^\./, ''))
    if (!step) return offset
    rest = step.rest
    offset = pointed(step, of)?.range?.[0] ?? offset
    at = step.value
  }
  return offset
}

/** The message of the parser in one line, without the position that stands before it anyway. */
const oneLine = (message: string): string => message.split('\n')[0]!.replace(/ at line \d.*/, '')

type Reader = { readonly file: string; place(offset: number): SourceLocation }

function read(document: YamlDocument, reader: Reader): ParsedDocument | Problem[] {
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0)
    return faults.map(fault => ({ ...reader.place(fault.pos[0]), path: '', message: oneLine(fault.message) }))
  const root = document.contents
  const start = reader.place(root?.range?.[0] ?? 0)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: maxAliases })
  } catch (error) {
    return [{ ...start, path: '', message: oneLine((error as Error).message) }]
  }
  if (value === null || value === undefined) return []
  if (typeof value !== 'object' || Array.isArray(value))
    return [{ ...start, path: '', message: 'must be an object with apiVersion, kind and metadata' }]
  return {
    file: reader.file,
    value: value as Record<string, unknown>,
    place: (path, of = 'value') => reader.place(offsetOf(root, path, of)),
  }
}

/** Where a document begins and ends in the text; an error may cut its range short, so it goes up to the next one. */
const bounds = (documents: readonly { readonly range?: readonly number[] }[], at: number, text: string) =>
  [documents[at]?.range?.[0] ?? 0, documents[at + 1]?.range?.[0] ?? text.length] as const

/**
 * Reads all documents of a YAML or JSON text. One that is broken becomes problems and does not hide the others. Refused are duplicate keys,
 * unknown tags, keys that are no strings, and aliases that unfold to more than a hundred times what is written.
 */
export function parseFile(file: string, text: string): ParsedFile {
  if (text.length > maxText)
    return {
      documents: [],
      problems: [{ file, line: 1, column: 1, path: '', message: 'larger than 4 MiB' }],
      broken: [text],
    }
  const lines = new LineCounter()
  const place = (offset: number): SourceLocation => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const parsed = parseAllDocuments(text, { ...parserOptions, lineCounter: lines })
  if (!Array.isArray(parsed)) return { documents: [], problems: [], broken: [] }
  const results = parsed.map(document => read(document as YamlDocument, { file, place }))
  return {
    documents: results.filter((result): result is ParsedDocument => !Array.isArray(result)),
    problems: results.flatMap(result => (Array.isArray(result) ? result : [])),
    broken: results.flatMap((result, at) =>
      Array.isArray(result) && result.length > 0 ? [text.slice(...bounds(parsed, at, text))] : [],
    ),
  }
}
