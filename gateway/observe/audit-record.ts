import type { Finding } from '../exchange.ts'
import type { Tally } from './members.ts'

/** What is known of a decision. Never an argument value, never a credential. */
export type AuditRecord = {
  readonly decision: string
  readonly time: number
  readonly event: 'mcp_call' | 'mcp_answer' | 'auth_failure' | 'call_ended'
  readonly verdict: 'allow' | 'deny'
  readonly server?: string | undefined
  readonly principal?: string | undefined
  readonly client?: string | undefined
  readonly method?: string | undefined
  readonly tool?: string | undefined
  readonly era?: string | undefined
  readonly code?: string | undefined
  readonly stage?: string | undefined
  readonly detail?: string | undefined
  readonly status?: number | undefined
  readonly findings?: readonly Finding[] | Tally | undefined
}
