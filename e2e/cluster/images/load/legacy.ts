import { answerTo, read, send, type Reply, type Target } from './exchange.ts'
import { count, type Streams, type Tally } from './tally.ts'

const version = { 'mcp-protocol-version': '2025-11-25' }

const message = (id: string, method: string, params: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

const clientInfo = { name: 'bartizan-load', version: '1.0.0' }

/** How often the server forgot the session, as a restart makes it do, and how often a new one could be had. */
export type Sessions = { notFound: number; initialized: number; readonly refused: string[] }

/** One client of the eras with sessions: its session, its GET stream and its calls, one after the other. */
export async function session(
  target: Target,
  { calls, stream, sessions }: { calls: Tally; stream: Streams; sessions: Sessions },
  ended: AbortSignal,
): Promise<void> {
  let id: string | undefined
  for (let number = 0; !ended.aborted; number++) {
    if (id === undefined) {
      id = await initialize(target, sessions).catch((error: unknown) => refusedWith(sessions, error))
      if (id !== undefined) void follow(target, id, stream, ended)
    }
    if (id === undefined) await new Promise(resolve => setTimeout(resolve, 200))
    else if (!(await call(target, calls, { id, number }))) {
      sessions.notFound++
      id = undefined // what the specification asks of a client: a new session
    }
  }
}

function refusedWith(sessions: Sessions, error: unknown): undefined {
  sessions.refused.push(error instanceof Error ? error.message : String(error))
}

async function initialize(target: Target, sessions: Sessions): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const reply = await read(await send(target, message('init', 'initialize', params), {}, false))
  const id = reply.headers['mcp-session-id']
  if (reply.status !== 200 || typeof id !== 'string') throw new Error(`${reply.status} ${reply.text.slice(0, 200)}`)
  const initialized = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await read(await send(target, initialized, { ...version, 'mcp-session-id': id }, false))
  sessions.initialized++
  return id
}

/** Resolves to false when the session is not known any more; such a call never began, so it is none that was lost. */
async function call(target: Target, calls: Tally, { id, number }: { id: string; number: number }): Promise<boolean> {
  const name = `${id.slice(-12)}-${number}`
  const body = message(name, 'tools/call', { name: 'wait', arguments: { id: `legacy-${name}`, seconds: 0.5 } })
  let reply: Reply | undefined
  await count(calls, name, async () => {
    reply = await read(await send(target, body, { ...version, 'mcp-session-id': id }, false))
    if (reply.status === 404) return
    if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text.slice(0, 200)}`)
    if (answerTo(name, reply)?.result === undefined) throw new Error(`no result: ${reply.text.slice(0, 200)}`)
  })
  if (reply === undefined) await new Promise(resolve => setTimeout(resolve, 200)) // lost; not faster again and again
  if (reply?.status !== 404) return true
  // Other sessions count in the same tally meanwhile, so only this call is taken back.
  calls.sent--
  calls.answered--
  return false
}

/** The GET stream of a session; when it ends it is opened once more, and a 404 then ends it for good. */
async function follow(target: Target, id: string, into: Streams, ended: AbortSignal): Promise<void> {
  try {
    for (;;) {
      const stream = await send(target, '', { ...version, 'mcp-session-id': id }, false)
      if (stream.statusCode !== 200) return void stream.resume()
      into.opened++
      ended.addEventListener('abort', () => stream.destroy(), { once: true })
      await read(stream)
      into.ended++
    }
  } catch (error) {
    if (!ended.aborted) into.broken.push(error instanceof Error ? error.message : String(error))
  }
}
