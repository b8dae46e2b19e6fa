import type { Server } from '../config/servers.ts'
import type { PolicyChain } from '../exchange.ts'
import { guardrails } from './guardrails/index.ts'
import { tools } from './tools.ts'

/**
 * The order is the policy: the cheapest and surest refusal first, so that a forbidden call costs nothing more. What charges (`Charge`: limits, quotas)
 * stands between the tool policy and the guardrails: a forbidden call is not charged, and one that a guardrail refuses is. The only stage that rewrites
 * what a caller sends comes last. Answers pass in reverse: what no caller may see is redacted before lists are cut.
 */
export const stages = (server: Server): PolicyChain => [
  tools(server.tools),
  // Here is the place of charges: limits of subject, key, server and tool.
  guardrails(server.guardrails),
]
