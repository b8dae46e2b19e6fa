import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { denyMatcher } from '../../../gateway/config/glob.ts'
import { defaultDangerousPatterns, type ServerTools } from '../../../gateway/config/tools.ts'
import type { SelectedPolicy } from './policies.ts'

const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort()

/** More approvals than a configuration holds: those beyond are not approved. */
const maxApproved = 1024

const patternsOf = (policies: readonly SelectedPolicy[]): string[][] =>
  policies.flatMap(({ spec }) => (spec.tools?.dangerousPatterns ? [spec.tools.dangerousPatterns] : []))

const approvalsOf = (server: string, policies: readonly SelectedPolicy[]): string[] =>
  union(
    policies.map(({ spec }) =>
      (spec.tools?.approved ?? []).filter(approval => approval.server === server).map(approval => approval.tool),
    ),
  )

/** What the floor calls dangerous only the floor approves. */
function approvedTools(server: string, policies: readonly SelectedPolicy[]): string[] {
  const floor = policies.filter(policy => policy.floor === true)
  const bound = denyMatcher(patternsOf(floor).flat())
  const own = approvalsOf(
    server,
    policies.filter(policy => policy.floor !== true),
  )
  return union([approvalsOf(server, floor), own.filter(tool => !bound(tool))])
}

/** What holds for the tools of a server: its own policy, all dangerous patterns that any policy names, and the approvals. */
export function serverTools(
  server: string,
  policy: MCPServerSpec['toolPolicy'],
  policies: readonly SelectedPolicy[],
): ServerTools {
  const patterns = patternsOf(policies)
  return {
    ...(policy && { policy }),
    dangerousPatterns: patterns.length > 0 ? union(patterns) : [...defaultDangerousPatterns],
    approved: approvedTools(server, policies).slice(0, maxApproved),
  }
}
