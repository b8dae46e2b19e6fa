import { allowMatcher, denyMatcher } from '../../../gateway/config/glob.ts'
import type { ServerTools } from '../../../gateway/config/tools.ts'
import { conditionValue, type ConditionValue } from '../model/condition.ts'
import type { Handshake } from '../model/observed.ts'
import type { StatusFields } from '../model/status-fields.ts'

const maxNames = 50
const maxToolName = 128

/** What the tools of a server come to: those that callers see, and those that wait for an approval. */
type Sorted = { readonly shown: readonly string[]; readonly waiting: readonly string[] }

/** The same judgement as the gateway's: the server's own policy first, then dangerous names without an approval. */
function sorted(tools: readonly string[], { policy, dangerousPatterns, approved }: ServerTools): Sorted {
  const allowed = policy?.mode === 'allowlist' ? allowMatcher(policy.allowedTools ?? []) : () => true
  const denied = denyMatcher(policy?.deniedTools ?? [])
  const dangerous = denyMatcher(dangerousPatterns)
  const open = tools.filter(tool => tool.length <= maxToolName && allowed(tool) && !denied(tool))
  const isWaiting = (tool: string): boolean => dangerous(tool) && !approved.includes(tool)
  return { shown: open.filter(tool => !isWaiting(tool)), waiting: open.filter(isWaiting) }
}

/** The tools as callers see them, for the status. */
export function shownTools(handshake: Handshake | undefined, tools: ServerTools): Pick<StatusFields, 'tools'> {
  if (handshake?.ok !== true) return {}
  const { shown } = sorted(handshake.tools, tools)
  return {
    tools: {
      count: shown.length,
      inventory: handshake.inventory.slice(0, 128),
      names: shown.toSorted().slice(0, maxNames),
    },
  }
}

/** Whether a tool is hidden because no policy has approved it. Nothing is claimed that was not seen. */
export function toolsApproved(handshake: Handshake | undefined, tools: ServerTools): ConditionValue {
  if (handshake?.ok !== true) return conditionValue('Unknown', 'ToolsNotSeen', 'no handshake has shown the tools yet')
  const { waiting } = sorted(handshake.tools, tools)
  if (waiting.length === 0 && handshake.shortfall)
    return conditionValue(
      'Unknown',
      'ToolsNotSeen',
      'none of the tools that were seen waits for an approval; not all were seen',
    )
  if (waiting.length === 0) return conditionValue('True', 'ToolsApproved', 'No tool waits for an approval.')
  const names = waiting.toSorted().slice(0, maxNames).join(', ')
  const more = waiting.length > maxNames ? ` and ${waiting.length - maxNames} more` : ''
  const text = `hidden and refused, because their names are dangerous and no policy has approved them: ${names}${more}; approve them in GuardrailPolicy.spec.tools.approved`
  return conditionValue('False', 'ToolsNeedApproval', text)
}

/** Whether the list of tools is whole: there is only so much that is read of a server, and what was not read is not claimed. */
export function inventoryComplete(handshake: Handshake | undefined): ConditionValue {
  if (handshake?.ok !== true) return conditionValue('Unknown', 'ToolsNotSeen', 'no handshake has shown the tools yet')
  const { shortfall } = handshake
  if (!shortfall) return conditionValue('True', 'InventoryComplete', 'The whole list of tools was read.')
  const text = `${shortfall.message}: what was read of the list counts, and the server is used all the same; have it list fewer or smaller tools`
  return conditionValue('False', shortfall.reason, text)
}
