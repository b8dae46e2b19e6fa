import { compileKey } from '../gateway/config/access.ts'
import { denyMatcher } from '../gateway/config/glob.ts'
import type { Key } from '../gateway/config/keys.ts'
import type { Server } from '../gateway/config/servers.ts'
import { serverToolJudge } from '../gateway/policies/tools.ts'

/** Whether a caller sees a tool, and if not, what hides it and what would show it. */
export type ToolVerdict = { readonly shown: boolean; readonly why: string }

const shown: ToolVerdict = { shown: true, why: '' }
const hidden = (why: string): ToolVerdict => ({ shown: false, why })

function policyReason({ tools: { policy } }: Server, tool: string): string {
  const pattern = policy?.deniedTools?.find(glob => denyMatcher([glob])(tool))
  if (pattern !== undefined) return `MCPServer.spec.toolPolicy.deniedTools has "${pattern}"`
  return 'not in MCPServer.spec.toolPolicy.allowedTools'
}

function dangerReason({ name, tools }: Server, tool: string): string {
  const pattern = tools.dangerousPatterns.find(glob => denyMatcher([glob])(tool))
  return `dangerous ("${pattern}"): approve it by GuardrailPolicy.spec.tools.approved: [{server: ${name}, tool: ${tool}}]`
}

/**
 * Judges a tool exactly as the gateway does, and says why.
 * @param key whose own lists count, too; undefined for the policies of the server alone
 */
export function toolVerdict(server: Server, key: Key | undefined): (tool: string) => ToolVerdict {
  const judge = serverToolJudge(server.tools)
  const grants = key && compileKey(key)
  return tool => {
    const refusal = judge(tool)
    if (refusal === 'ToolNotAllowed') return hidden(policyReason(server, tool))
    if (refusal === 'ToolNotApproved') return hidden(dangerReason(server, tool))
    return grants && !grants.tools(tool) ? hidden(`not in allowedTools of APIKey ${grants.name}`) : shown
  }
}
