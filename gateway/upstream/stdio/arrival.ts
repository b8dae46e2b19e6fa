import type { Message } from '../../exchange.ts'
import { readAnswer } from '../../mcp/message.ts'
import type { StdioLimits } from './options.ts'
import { pattern } from '../../config/pattern.ts'

/**
 * What a line of a child is: a message; something for a request that cannot be read safely (`id` is its raw token); or junk, which is counted
 * and goes nowhere.
 */
export type Arrival =
  { readonly message: Message } | { readonly unreadable: string; readonly detail: string } | { readonly junk: string }

/**
 * Reads one line only as far as routing needs it, but by the strict reader: a line whose id two parsers could see differently must not be given
 * to either of two callers. The pipeline judges the bytes that are routed.
 */
export function readLine(line: Buffer, limits: StdioLimits): Arrival {
  const read = readAnswer(line, {
    maxBytes: limits.maxLineBytes,
    maxValues: limits.maxValues,
    maxDepth: limits.maxDepth,
  })
  if ('message' in read) return { message: read.message }
  if ('batch' in read) return { junk: 'a batch' }
  const { code, detail, id } = read.denied
  const reason = detail === undefined ? code : `${code}: ${detail}`
  return id === undefined ? { junk: reason } : { unreadable: id, detail: reason }
}

const token = '("(?:[^"\\\\]|\\\\.)*"|-?[0-9]+)'
const before = pattern(`^\\{(?:"jsonrpc": ?"2\\.0", ?)?"id": ?${token}, ?"(?:result|error)"`)
const after = pattern(`, ?"id": ?${token}(?:, ?"jsonrpc": ?"2\\.0")?\\}\\r?$`)

/**
 * The raw id of an answer that was too long to be read, by its two ends, in the orders in which servers write the envelope. It decides only which
 * call is told so; a guess that is wrong hits a call of the same caller.
 */
export function idOfLong(head: string, tail: string): string | undefined {
  const found = before.exec(head) ?? (head.startsWith('{"method"') ? null : after.exec(tail))
  return found?.[1]
}
