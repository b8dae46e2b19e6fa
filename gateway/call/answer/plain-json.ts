import type { Message, Read, ReadLimits } from '../../exchange.ts'
import { readJson } from '../../mcp/json.ts'
import { readAnswer } from '../../mcp/message.ts'
import { rulesBut } from '../../mcp/rules.ts'

const rules = rulesBut(undefined)

const isAlmostMessage = (value: unknown): boolean =>
  Array.isArray(value) ||
  (typeof value === 'object' && value !== null && ['result', 'method', 'jsonrpc', 'params'].some(name => name in value))

/**
 * Reads the body of a 4xx or 5xx answer. Clients read those texts too, so JSON that is no JSON-RPC message is read as strictly and judged as the
 * text of an error; it passes only if nothing in it has to be rewritten.
 */
export function readErrorBody(bytes: Buffer, limits: ReadLimits): Read {
  const read = readAnswer(bytes, limits)
  if (!('denied' in read) || read.denied.code !== 'InvalidRequest') return read
  const json = readJson(bytes, limits, rules)
  // What looks like a result or a request would be taken for one by some client.
  if ('code' in json || isAlmostMessage(json.value)) return read
  const message: Message = { bytes, shape: 'response', error: json.value, plain: json.plain }
  return { message }
}
