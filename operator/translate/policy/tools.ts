import { guardrailPolicy } from '../../../crds/guardrail-policy.ts'
import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { denyMatcher } from '../../../gateway/config/glob.ts'
import { defaultDangerousPatterns, type ServerTools } from '../../../gateway/config/tools.ts'
import { fieldsOf } from '../../../gateway/config/traits.ts'
import { combined } from './combine.ts'
import { originOf, type SelectedPolicy } from './policies.ts'

/** The fields of GuardrailPolicy.spec.tools whose values combine by the rule that stands with them. */
export const toolFields = fieldsOf(guardrailPolicy.spec.shape.tools).filter(
  ({ traits }) => traits.combine !== 'approval',
)

const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort()

/** More approvals than a configuration holds: those beyond are not approved. */
const maxApproved = 1024

/** Whether a policy approves tools of a server. */
export const approves = (server: string, { spec }: SelectedPolicy): boolean =>
  spec.tools?.approved?.some(approval => approval.server === server) === true

const approvalsOf = (server: string, policies: readonly SelectedPolicy[]): string[] =>
  union(
    policies.map(({ spec }) =>
      (spec.tools?.approved ?? []).filter(approval => approval.server === server).map(approval => approval.tool),
    ),
  )

/** What the floor calls dangerous only the floor approves. */
function approvedTools(server: string, policies: readonly SelectedPolicy[]): string[] {
  const floor = policies.filter(policy => policy.floor === true)
  const bound = denyMatcher(floor.flatMap(({ spec }) => spec.tools?.dangerousPatterns ?? []))
  const own = approvalsOf(
    server,
    policies.filter(policy => policy.floor !== true),
  )
  return union([approvalsOf(server, floor), own.filter(tool => !bound(tool))])
}

/** What the policies of a server say of its tools, and which of them said so, field by field. */
export const combinedTools = (policies: readonly SelectedPolicy[]) => {
  const layers = policies.map(policy => ({ origin: originOf(policy), spec: policy.spec.tools ?? {} }))
  const { spec, from } = combined(toolFields, layers)
  return { spec: spec as Partial<ServerTools>, from }
}

/** What holds for the tools of a server: its own policy, all dangerous patterns that any policy names, and the approvals. */
export function serverTools(
  server: string,
  policy: MCPServerSpec['toolPolicy'],
  policies: readonly SelectedPolicy[],
): ServerTools {
  const { spec } = combinedTools(policies)
  return {
    ...(policy && { policy }),
    ...spec,
    // In one order, whatever the policies are called.
    dangerousPatterns: spec.dangerousPatterns?.toSorted() ?? [...defaultDangerousPatterns],
    approved: approvedTools(server, policies).slice(0, maxApproved),
  }
}
