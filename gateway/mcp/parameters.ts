import type { IncomingHttpHeaders } from 'node:http'
import type { Message } from '../exchange.ts'
import { trimmed } from './era.ts'
import { decodeHeader } from './headers.ts'

/** Headers that repeat an argument whose schema says `x-mcp-header` (MCP 2026-07-28, transports). */
export const parameterPrefix = 'mcp-param-'

/** No tool asks for more; each is looked up among all arguments. */
const maxParameters = 64

type Spellings = { readonly texts: Set<string>; readonly numbers: Set<number> }

/** Every value in the arguments, as a header may spell it. */
function collect(value: unknown, into: Spellings): Spellings {
  if (typeof value === 'string' || typeof value === 'boolean') into.texts.add(String(value))
  else if (typeof value === 'number') into.numbers.add(value)
  else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) collect(member, into)
  return into
}

/** Integers compare as numbers: `42.0` repeats 42. */
const repeats = ({ texts, numbers }: Spellings, text: string): boolean =>
  texts.has(text) || (/^-?\d{1,400}(?:\.\d{1,400})?(?:e[+-]?\d{1,3})?$/.test(text) && numbers.has(Number(text)))

const argumentsOf = (message: Message): unknown =>
  message.method === 'tools/call' ? (message.params as { arguments?: unknown } | undefined)?.arguments : undefined

/**
 * The name of an `Mcp-Param-*` header that repeats no argument, or undefined. The gateway does not know the schemas, but whatever they say, a
 * header may hold only what stands in the body: the body is judged, and a header that is not would be a way around the guardrails.
 */
export function unexpectedParameter(message: Message, headers: IncomingHttpHeaders): string | undefined {
  let spellings: Spellings | undefined
  let count = 0
  for (const name in headers) {
    if (!name.startsWith(parameterPrefix)) continue
    count += 1
    spellings ??= collect(argumentsOf(message), { texts: new Set(), numbers: new Set() })
    const value = headers[name]
    const text = typeof value === 'string' ? decodeHeader(trimmed(value)) : undefined
    if (count > maxParameters || text === undefined || !repeats(spellings, text)) return name
  }
  return undefined
}
