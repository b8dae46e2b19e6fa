import type { MCPServerSpec } from '../../crds/mcpserver.ts'
import { defaultDangerousPatterns, type ServerTools } from '../../gateway/config/tools.ts'
import type { Policy } from './policies.ts'

const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort()

/** More approvals than a configuration holds: those beyond are not approved. */
const maxApproved = 1024

/** What holds for the tools of a server: its own policy, all dangerous patterns that any policy names, and the approvals. */
export function serverTools(
  server: string,
  policy: MCPServerSpec['toolPolicy'],
  policies: readonly Policy[],
): ServerTools {
  const patterns = policies.flatMap(({ spec }) => (spec.tools?.dangerousPatterns ? [spec.tools.dangerousPatterns] : []))
  const approved = policies.map(({ spec }) =>
    (spec.tools?.approved ?? []).filter(approval => approval.server === server).map(approval => approval.tool),
  )
  return {
    ...(policy && { policy }),
    dangerousPatterns: patterns.length > 0 ? union(patterns) : [...defaultDangerousPatterns],
    approved: union(approved).slice(0, maxApproved),
  }
}
