import type { Caller, Denial, Exchange, ReadLimits, Scope } from '../../exchange.ts'
import { methods } from '../../mcp/methods.ts'
import { judgeRequest } from '../../evaluation/pipeline.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import { runSync } from '../../evaluation/turns.ts'
import type { AdmittedCall } from '../admitted-call.ts'
import { toolOf } from '../pending-request.ts'
import { notAllowed } from './revalidate.ts'
import type { Resumption } from '../resumption.ts'
import { toolRefusal } from './task-policy.ts'

/** What a request without a message asks for: to listen, or (DELETE) to end a session that the caller opened. */
export const bodylessScope = (method: string | undefined): Scope => (method === 'DELETE' ? 'handshake' : 'servers:read')

/** Why a caller may have nothing to do with one of these tools. */
function refusedTool(
  server: ServerRuntime,
  caller: Caller,
  tools: readonly string[],
  limits: ReadLimits,
): Denial | undefined {
  for (const tool of tools) {
    const denied = toolRefusal(server, caller, tool, limits)
    if (denied) return denied
  }
  return undefined
}

const toolsIn = ({ asked }: Resumption): readonly string[] => asked.map(one => toolOf(one) ?? '')

/** Why a stream may not go on with the answers of earlier calls: their tools are judged by the policies of now. */
export const resumedRefusal = (
  server: ServerRuntime,
  caller: Caller,
  resumed: Resumption,
  limits: ReadLimits,
): Denial | undefined => refusedTool(server, caller, toolsIn(resumed), limits)

/** What the newest policies say of messages that an older configuration let through. */
export function refusalOf(
  server: ServerRuntime,
  caller: Caller,
  { messages, context, tasks, resumed }: AdmittedCall,
  limits: ReadLimits,
): Denial | undefined {
  const { grants } = caller.principal
  if (!grants.allowsServer(server.name)) return notAllowed
  if (messages.length === 0 && !grants.allowsScope(bodylessScope(context.req.method)))
    return { stage: 'authorize', code: 'InsufficientScope' }
  for (const message of messages) {
    const scope =
      message.method === undefined ? 'gateway:execute' : (methods[message.method]?.scope ?? 'gateway:execute')
    if (!grants.allowsScope(scope)) return { stage: 'authorize', code: 'InsufficientScope' }
    const x: Exchange = { ...caller, message }
    const { denied } = runSync(judgeRequest(server.authorizing, x, limits))
    if (denied) return denied
  }
  const tools = [...tasks.map(({ tool }) => tool), ...(resumed ? toolsIn(resumed) : [])]
  return refusedTool(server, caller, tools, limits)
}
