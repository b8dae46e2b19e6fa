import type { Caller, Denial, Scope } from '../../exchange.ts'
import { methods } from '../../mcp/methods.ts'
import { authorizationRefusal } from '../../evaluation/authorization.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import type { AdmittedCall } from '../admitted-call.ts'
import { toolOf } from '../pending-request.ts'
import { notAllowed } from './revalidate.ts'
import type { Resumption } from '../resumption.ts'
import { toolRefusal } from './task-policy.ts'

/** What a request without a message asks for: to listen, or (DELETE) to end a session that the caller opened. */
export const bodylessScope = (method: string | undefined): Scope => (method === 'DELETE' ? 'handshake' : 'servers:read')

/** Why a caller may have nothing to do with one of these tools. */
function refusedTool(server: ServerRuntime, caller: Caller, tools: readonly string[]): Denial | undefined {
  for (const tool of tools) {
    const denied = toolRefusal(server, caller, tool)
    if (denied) return denied
  }
  return undefined
}

const toolsIn = ({ pending }: Resumption): readonly string[] => pending.map(one => toolOf(one) ?? '')

/** Why a stream may not go on with the answers of earlier calls: their tools are judged by the policies of now. */
export const resumedRefusal = (server: ServerRuntime, caller: Caller, resumed: Resumption): Denial | undefined =>
  refusedTool(server, caller, toolsIn(resumed))

/** What the newest policies say of messages that an older configuration let through. */
export function refusalOf(
  server: ServerRuntime,
  caller: Caller,
  { messages, context, tasks, resumed }: AdmittedCall,
): Denial | undefined {
  const { grants } = caller.principal
  if (!grants.allowsServer(server.name)) return notAllowed
  if (messages.length === 0 && !grants.allowsScope(bodylessScope(context.req.method)))
    return { stage: 'authorize', code: 'InsufficientScope' }
  for (const message of messages) {
    const scope =
      message.method === undefined ? 'gateway:execute' : (methods[message.method]?.scope ?? 'gateway:execute')
    if (!grants.allowsScope(scope)) return { stage: 'authorize', code: 'InsufficientScope' }
    const denied = authorizationRefusal(server.authorizing, { ...caller, message })
    if (denied) return denied
  }
  const tools = [...tasks.map(({ tool }) => tool), ...(resumed ? toolsIn(resumed) : [])]
  return refusedTool(server, caller, tools)
}
