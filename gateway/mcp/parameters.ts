import type { IncomingHttpHeaders } from 'node:http'
import type { Message } from '../exchange.ts'
import { trimmed } from './era.ts'
import { decodeHeader } from './headers.ts'

/** Headers that repeat an argument whose schema says `x-mcp-header` (MCP 2026-07-28, transports). */
export const parameterPrefix = 'mcp-param-'

/** True when a value somewhere in the arguments is spelled so in a header; integers compare as numbers. */
function repeats(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text
  if (typeof value === 'boolean') return String(value) === text
  if (typeof value === 'number')
    return String(value) === text || (/^-?\d+(?:\.\d+)?$/.test(text) && Number(text) === value)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some(member => repeats(member, text))
}

/**
 * The name of an `Mcp-Param-*` header that repeats no argument, or undefined. The gateway does not know the schemas, but whatever they say, a
 * header may hold only what stands in the body: the body is judged, and a header that is not would be a way around the guardrails.
 */
export function strayParameter(message: Message, headers: IncomingHttpHeaders): string | undefined {
  for (const name in headers) {
    if (!name.startsWith(parameterPrefix)) continue
    const value = headers[name]
    const text = typeof value === 'string' ? decodeHeader(trimmed(value)) : undefined
    const given =
      message.method === 'tools/call' ? (message.params as { arguments?: unknown } | undefined)?.arguments : undefined
    if (text === undefined || !repeats(given, text)) return name
  }
  return undefined
}
