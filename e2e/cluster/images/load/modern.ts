import { Agent } from 'node:http'
import { callTool, modern } from '../../../../hack/testing/mcp-request.ts'
import { answerTo, read, send, type Target } from './exchange.ts'
import { count, type Streams, type Tally } from './tally.ts'

const kept = new Agent({ keepAlive: true, maxSockets: 64 })

/** One call of 2026-07-28 that takes some seconds; every second one over a new connection. */
export function call(target: Target, into: Tally, id: string, seconds: number): Promise<void> {
  return count(into, id, async () => {
    const { body, headers } = callTool('wait', id, JSON.stringify({ id, seconds }))
    const agent = into.sent % 2 === 0 ? kept : false
    const reply = await read(await send(target, String(body), headers as Record<string, string>, agent))
    if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text.slice(0, 200)}`)
    const answer = answerTo(id, reply)
    if (answer?.result === undefined) throw new Error(`no result: ${reply.text.slice(0, 200)}`)
  })
}

/** Keeps a listen stream open until the end; opens it again when it has ended, as clients do. */
export async function listen(target: Target, into: Streams, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const id = `listen-${into.opened}`
    const asked = '"notifications":{"toolsListChanged":true}'
    const { body, headers } = modern('subscriptions/listen', id, asked)
    try {
      const stream = await send(target, String(body), headers as Record<string, string>, false)
      if (stream.statusCode !== 200) throw new Error(`${stream.statusCode} ${(await read(stream)).text.slice(0, 200)}`)
      into.opened++
      ended.addEventListener('abort', () => stream.destroy(), { once: true })
      await read(stream)
      into.ended++
    } catch (error) {
      if (ended.aborted) return
      into.broken.push(error instanceof Error ? error.message : String(error))
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}
