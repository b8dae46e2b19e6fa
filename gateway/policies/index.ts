import type { Server } from '../config/servers.ts'
import type { Stage } from '../exchange.ts'
import { guardrails } from './guardrails/index.ts'
import { tools } from './tools.ts'

/**
 * The order is the policy: the cheapest and surest refusal first, so that a forbidden call costs nothing more; the only stage that rewrites what
 * a caller sends comes last. Answers pass in reverse: what no caller may see is redacted before lists are cut.
 */
export const stages = (server: Server): readonly Stage[] => [
  // Who may call which tool is known from the name alone.
  tools(server.tools),
  // The only stage that rewrites what a caller sends.
  guardrails(server.guardrails),
]
