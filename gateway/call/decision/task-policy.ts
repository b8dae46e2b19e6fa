import type { Caller, Denial, Message } from '../../exchange.ts'
import { authorizationRefusal } from '../../evaluation/authorization.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'

const nothing = Buffer.alloc(0)

/**
 * Why a caller may have nothing to do with what a tool made, or undefined: the policies of now are asked as if they were to call it. Tasks of
 * requests that call no tool have none to judge.
 */
export function toolRefusal(server: ServerRuntime, caller: Caller, tool: string): Denial | undefined {
  if (tool === '') return undefined
  const message: Message = {
    bytes: nothing,
    shape: 'request',
    method: 'tools/call',
    params: { name: tool },
    plain: true,
  }
  const { principal, server: name, era, now } = caller
  return authorizationRefusal(server.authorizing, { principal, server: name, era, now, message })
}
