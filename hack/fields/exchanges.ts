import { dial } from '../testing/raw-http.ts'
import type { Sending } from '../testing/mcp-request.ts'
import { callTool, modern, said, send, settle, type Exchange, type Stage } from './stage.ts'

const list = modern('tools/list', 'list')

/** One call of a harmless tool. */
const call = (path = '/mcp/one', more: Sending = {}): Exchange => ({
  play: ({ ask }) => ask('tools/call', { path, ...callTool('read_file', 'call'), ...more }),
})

/** What the caller sees of the tools, and a call of each. */
const tools: Exchange = {
  async play({ ask }) {
    await ask('tools/list', list)
    for (const tool of ['read_file', 'delete_file', 'drop_table']) await ask(`tools/call ${tool}`, callTool(tool, tool))
  },
}

/** A list and a call: the two scopes. */
const scopes: Exchange = {
  async play({ ask }) {
    await ask('tools/list', list)
    await ask('tools/call', callTool('read_file', 'call'))
  },
}

/** A text sent as an argument. */
const argument = (text: string): Exchange => ({
  play: stage =>
    stage.ask(
      'tools/call',
      callTool(
        'read_file',
        'call',
        JSON.stringify({ text: stage.world.token && text.replaceAll('$TOKEN', stage.world.token) }),
      ),
    ),
})

/** A text that the server says in a result. */
const result = (text: string): Exchange => ({
  say: text,
  play: ({ ask }) => ask('tools/call', callTool('say', 'call')),
})

/** The same text in every place of the protocol, from both sides. */
const everywhere = (text: string): Exchange => ({
  say: text,
  async play({ ask }) {
    await ask('definition', list)
    await ask('arguments', callTool('read_file', 'arguments', JSON.stringify({ text })))
    await ask('result', callTool('say', 'result'))
    await ask('prompt', modern('prompts/get', 'prompt', '"name":"p"', 'p'))
    await ask('resource', modern('resources/read', 'resource', '"uri":"file:///note"', 'file:///note'))
    await ask('elicitation', callTool('ask_person', 'elicitation'))
  },
})

/** A request under a name in its head. */
const headed = (headers: Readonly<Record<string, string>>): Exchange => ({
  play: ({ ask }) => {
    const request = callTool('read_file', 'call')
    return ask('tools/call', { ...request, headers: { ...request.headers, ...headers } })
  },
})

/** Time passes while the server is silent; then it answers late. */
const silentFor = (milliseconds: number): Exchange => ({
  async play({ upstream, gateway, note, world }) {
    const answered = upstream.respond
    const arrived = Promise.withResolvers<() => void>()
    upstream.respond = (seen, res) => arrived.resolve(() => answered(seen, res))
    const reply = send(gateway.url, { key: world.key, path: '/mcp/one', ...callTool('read_file', 'call') })
    const answer = await arrived.promise
    gateway.pass(milliseconds)
    answer()
    note(`answer: tools/call after ${milliseconds / 1000} s: ${said(await reply)}`)
  },
})

const ready = async ({ gateway, note }: Stage, when: string): Promise<void> =>
  note(`answer: /-/readyz ${when}: ${(await fetch(`${gateway.adminUrl}/-/readyz`)).status}`)

const step = 4000

/** The server is asked whether it is well, and time passes. */
const health = (health: NonNullable<Exchange['health']>, milliseconds: number): Exchange => ({
  health,
  async play(stage) {
    await settle(stage.gateway, stage.world.key)
    // In steps, so that a probe has its answer before its timeout comes.
    for (let passed = 0; passed < milliseconds; passed += step) {
      stage.clock.advance(Math.min(step, milliseconds - passed))
      await settle(stage.gateway, stage.world.key)
    }
    await ready(stage, `after ${milliseconds / 1000} s`)
  },
})

/** A call while the audit log takes no lines. */
const stalled: Exchange = {
  async play({ gateway, ask }) {
    gateway.stalled = true
    await ask('tools/call', callTool('read_file', 'call'))
  },
}

/** Many connections on which nothing is said, and how many of them are kept. */
const crowd: Exchange = {
  async play({ gateway, world, note }) {
    const sockets = await Promise.all(Array.from({ length: 40 }, () => dial(Number(new URL(gateway.url).port))))
    // Those came first, so they were looked at before these calls.
    await settle(gateway, world.key)
    const metrics = await (await fetch(`${gateway.metricsUrl}/metrics`)).text()
    const kept = Number(/^bartizan_open_connections (\d+)$/m.exec(metrics)?.[1])
    note(`answer: of 40 silent connections ${kept > 30 ? 'all' : kept > 8 ? 'some' : 'hardly any'} are kept`)
    for (const socket of sockets) socket.destroy()
  },
}

export const exchanges = {
  call,
  tools,
  scopes,
  argument,
  result,
  everywhere,
  headed,
  silentFor,
  health,
  stalled,
  crowd,
}
