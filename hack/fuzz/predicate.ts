import type { ErrorCode } from '../../gateway/errors.ts'
import type { ReadLimits } from '../../gateway/exchange.ts'
import type { Sender } from '../../gateway/mcp/envelope.ts'
import { envelopeNames, errorNames, metaNames, paramsNames, resultNames, toolNames } from '../../gateway/mcp/names.ts'
import type { Names } from '../../gateway/mcp/names.ts'
import { parseStrictly } from './strict.ts'
import type { Node } from './strict.ts'
import { pattern } from '../../gateway/config/pattern.ts'

/** What the rules of protocol.md section 5 say of some bytes, by another road than the reader's. */
export type Expected = {
  /** Every code that would be right. None: the bytes must be accepted. */
  readonly codes: ReadonlySet<ErrorCode>
  /** For each message that the bytes hold, the id token that may be told; undefined where none could be read without doubt. */
  readonly ids: readonly (string | undefined)[]
  /** The document is one message: a denial must tell its id. */
  readonly single?: true
  /** What the strict parser read, where the bytes are JSON. */
  readonly node?: Node
}

type Codes = Set<ErrorCode>
type Judge = { readonly codes: Codes; readonly from: Sender }

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decoded(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

export function expectedOf(bytes: Buffer, limits: ReadLimits, from: Sender): Expected {
  if (bytes.length > limits.maxBytes) return { codes: new Set(['PayloadTooLarge']), ids: [] }
  const text = decoded(bytes)
  if (text === undefined || text.startsWith('\ufeff')) return { codes: new Set(['AmbiguousMessage']), ids: [] }
  const node = parseStrictly(text)
  return node === undefined ? { codes: new Set(notJson(text, limits)), ids: [] } : expectedOfJson(node, limits, from)
}

function expectedOfJson(node: Node, limits: ReadLimits, from: Sender): Expected {
  const codes: Codes = new Set()
  if (valuesIn(node) > limits.maxValues || depthOf(node) > limits.maxDepth) codes.add('TooComplex')
  if (isAmbiguous(node)) codes.add('AmbiguousMessage')
  const messages = node.type === 'array' ? node.items : [node]
  if (messages.length === 0 || messages.length > 100) codes.add('InvalidRequest')
  for (const message of messages) judge(message, { codes, from })
  const ids = messages.map(tellableId)
  return node.type === 'object' ? { codes, ids, node, single: true } : { codes, ids, node }
}

/** Counting comes before parsing, so bytes that are not JSON may be refused for their size first. */
const notJson = (text: string, limits: ReadLimits): readonly ErrorCode[] =>
  mayBeComplex(text, limits) ? ['ParseError', 'TooComplex'] : ['ParseError']

const mayBeComplex = (text: string, limits: ReadLimits): boolean =>
  (text.match(/[[{]/g)?.length ?? 0) > limits.maxDepth || text.length > limits.maxValues

const childrenOf = (node: Node): readonly Node[] =>
  node.type === 'array' ? node.items : node.type === 'object' ? node.members.map(({ value }) => value) : []

const valuesIn = (node: Node): number => childrenOf(node).reduce((sum, inner) => sum + valuesIn(inner), 1)

function depthOf(node: Node): number {
  if (node.type !== 'array' && node.type !== 'object') return 0
  return 1 + childrenOf(node).reduce((most, inner) => Math.max(most, depthOf(inner)), 0)
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

function isAmbiguous(node: Node): boolean {
  if (node.type === 'string') return loneSurrogate.test(node.text)
  if (node.type === 'number') return Math.abs(Number(node.raw)) === Infinity
  if (node.type === 'object') {
    const names = node.members.map(({ name }) => name)
    if (names.some(name => loneSurrogate.test(name)) || new Set(names).size < names.length) return true
  }
  return childrenOf(node).some(isAmbiguous)
}

const quoted = (name: string) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
const foldings = new Map<Names, RegExp>()

/** Simple case folding by the `iu` flags, as Go has it, and whatever has the same capitals. */
function isDisguised(name: string, known: Names): boolean {
  if (known.has(name)) return false
  let folding = foldings.get(known)
  if (folding === undefined) {
    folding = pattern(`^(?:${[...known].map(quoted).join('|')})$`, 'iu')
    foldings.set(known, folding)
  }
  return folding.test(name) || folding.test(name.toUpperCase())
}

const get = (node: Node | undefined, name: string): Node | undefined =>
  node?.type === 'object' ? node.members.findLast(member => member.name === name)?.value : undefined

function disguises(node: Node | undefined, known: Names, { codes }: Judge): void {
  if (node?.type !== 'object') return
  if (node.members.some(({ name }) => isDisguised(name, known))) codes.add('AmbiguousMessage')
}

const isId = (node: Node | undefined): boolean =>
  node?.type === 'string' || (node?.type === 'number' && /^-?[0-9]+$/.test(node.raw) && node.raw !== '-0')

function judge(node: Node, j: Judge): void {
  if (node.type !== 'object') {
    j.codes.add('InvalidRequest')
    return
  }
  disguises(node, envelopeNames, j)
  const has = (name: string) => get(node, name) !== undefined
  const version = get(node, 'jsonrpc')
  const wrong = [
    version?.type !== 'string' || version.text !== '2.0',
    node.members.some(({ name }) => !envelopeNames.has(name) && !isDisguised(name, envelopeNames)),
    Number(has('method')) + Number(has('result')) + Number(has('error')) !== 1,
    has('id') && !isId(get(node, 'id')) && !mayBeNameless(node, j.from),
    !has('id') && !has('method') && !mayBeNameless(node, j.from),
    has('method') ? badCall(node, j) : badResponse(node, j),
  ]
  if (wrong.some(Boolean)) j.codes.add('InvalidRequest')
}

function mayBeNameless(node: Node, from: Sender): boolean {
  const id = get(node, 'id')
  return from === 'server' && get(node, 'error') !== undefined && (id === undefined || id.raw === 'null')
}

function badCall(node: Node, j: Judge): boolean {
  const params = get(node, 'params')
  disguises(params, paramsNames, j)
  disguises(get(params, '_meta'), metaNames, j)
  return get(node, 'method')?.type !== 'string' || (params !== undefined && params.type !== 'object')
}

function badResponse(node: Node, j: Judge): boolean {
  const result = get(node, 'result')
  const error = get(node, 'error')
  disguises(result, resultNames, j)
  disguises(get(result, '_meta'), metaNames, j)
  disguises(error, errorNames, j)
  const tools = get(result, 'tools')
  if (tools?.type === 'array') for (const tool of tools.items) disguises(tool, toolNames, j)
  return (
    get(node, 'params') !== undefined ||
    (result !== undefined && result.type !== 'object') ||
    (error !== undefined && isBadError(error))
  )
}

function isBadError(error: Node): boolean {
  const code = get(error, 'code')
  return code?.type !== 'number' || !Number.isInteger(Number(code.raw)) || get(error, 'message')?.type !== 'string'
}

function tellableId(node: Node): string | undefined {
  if (node.type !== 'object') return undefined
  const meant = node.members.filter(({ name }) => /^id$/iu.test(name) || name.toUpperCase() === 'ID')
  const [one] = meant
  return meant.length === 1 && one?.name === 'id' && isId(one.value) ? one.value.raw : undefined
}
