import type { Message } from '../../exchange.ts'
import { readAnswer } from '../../mcp/message.ts'
import type { StdioLimits } from './options.ts'

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
