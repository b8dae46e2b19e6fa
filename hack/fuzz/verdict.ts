import type { Message, Read } from '../../gateway/exchange.ts'
import { canonical, known, respelled, wrongSources } from './canonical.ts'
import type { Input } from './input.ts'
import type { Expected } from './predicate.ts'
import { parseStrictly } from './strict.ts'
import type { Node } from './strict.ts'

/** Compares what the reader answered with the predicate. The reason if they differ. */
export function againstPredicate(input: Input, read: Read, expected: Expected): string | undefined {
  const codes = [...expected.codes].join(' or ') || 'acceptance'
  if ('denied' in read) {
    if (!expected.codes.has(read.denied.code)) return `refused as ${read.denied.code}, expected ${codes}`
    return wrongDenialId(read.denied.id, read.denied.code, expected)
  }
  if (expected.codes.size > 0) return `accepted, expected ${codes}`
  const ids = messagesOf(read).map(({ id }) => id)
  if (JSON.stringify(ids) !== JSON.stringify(expected.ids))
    return `ids ${JSON.stringify(ids)}, expected ${JSON.stringify(expected.ids)}`
  const { node } = expected
  return messagesOf(read).map(wrongPlain).find(Boolean) ?? (node && wrongSources(input.bytes.toString('utf8'), node))
}

export const messagesOf = (read: Read): readonly Message[] =>
  'message' in read ? [read.message] : 'batch' in read ? read.batch : []

function wrongDenialId(id: string | undefined, code: string, { ids, single }: Expected): string | undefined {
  const told = `the denial tells the id ${id}, expected ${ids.join(' or ')}`
  if (id !== undefined) return ids.includes(id) || (code === 'TooComplex' && ids.length === 0) ? undefined : told
  // What was refused before it was parsed may stay without an id.
  return single && ids[0] !== undefined && code !== 'TooComplex' ? told : undefined
}

function wrongPlain({ bytes, plain }: Message): string | undefined {
  const text = bytes.toString('latin1')
  return plain === /^[^\\\x80-\xff]*$/.test(text) ? undefined : `plain is ${plain}`
}

/** What the parsers of other languages must answer to an accepted input, each as one line. */
export type Lines = { readonly python: string; readonly go: string }

/**
 * The lines for what the gateway saw: the messages as the reader gave them, not another parse of the bytes.
 * @param expected its `node` gives numbers their spelling; bytes that a disabled rule let through are parsed here
 */
export function expectedLines(input: Input, read: Read, expected: Expected): Lines {
  const node = expected.node ?? parseStrictly(input.bytes.toString('utf8'))
  const nodes = node?.type === 'array' ? node.items : [node]
  const views = messagesOf(read).map((message, index) => respelled(viewOf(message, nodes[index]), nodes[index]))
  const view = 'batch' in read ? views : views[0]
  const text = canonical(view)
  const ids = messagesOf(read).flatMap(({ id }, index) => id ?? idOf(nodes[index])?.raw ?? [])
  return { python: text, go: `${text}\t${known(view)}\t${ids.join(' ')}` }
}

const idOf = (node: Node | undefined): Node | undefined =>
  node?.type === 'object' ? node.members.find(({ name }) => name === 'id')?.value : undefined

function viewOf(message: Message, node: Node | undefined): Record<string, unknown> {
  const { bytes: _bytes, plain: _plain, shape: _shape, id, ...rest } = message
  if (id !== undefined) return { jsonrpc: '2.0', id: JSON.parse(id) as unknown, ...rest }
  return idOf(node) === undefined ? { jsonrpc: '2.0', ...rest } : { jsonrpc: '2.0', id: null, ...rest }
}
