import type { Caller, Denial, Message, ReadLimits } from '../../exchange.ts'
import { judgeRequest } from '../../evaluation/pipeline.ts'
import type { ServerRuntime } from '../../runtime/runtime.ts'
import { runSync } from '../../evaluation/turns.ts'

const nothing = Buffer.alloc(0)

/**
 * Why a caller may have nothing to do with what a tool made, or undefined: the policies of now are asked as if they were to call it. Tasks of
 * requests that call no tool have none to judge.
 */
export function toolRefusal(
  server: ServerRuntime,
  caller: Caller,
  tool: string,
  limits: ReadLimits,
): Denial | undefined {
  if (tool === '') return undefined
  const message: Message = {
    bytes: nothing,
    shape: 'request',
    method: 'tools/call',
    params: { name: tool },
    plain: true,
  }
  const { principal, server: name, era, now } = caller
  return runSync(judgeRequest(server.authorizing, { principal, server: name, era, now, message }, limits)).denied
}
