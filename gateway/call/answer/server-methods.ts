import type { Denial, Era, Message } from '../../exchange.ts'
import { methodRow } from '../../mcp/methods.ts'

/**
 * Why a message of the server may not be sent so, or undefined: the table of methods holds in this direction, too. In 2026-07-28 a server sends
 * no requests; invented methods would go past the policies.
 */
export function unknownMethod(message: Message, era: Era): Denial | undefined {
  if (message.method === undefined || methodRow(message, era, 'server')) return undefined
  const detail = `${era} ${message.shape} ${JSON.stringify(message.method.slice(0, 128))} of the server`
  return { stage: 'methods', code: 'MethodNotFound', detail }
}
