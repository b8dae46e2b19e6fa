import { setTimeout as sleep } from 'node:timers/promises'
import { McpServer, type ServerNotifier } from '@modelcontextprotocol/server'
import { z } from 'zod'

const text = (content: string): { content: { type: 'text'; text: string }[] } => ({
  content: [{ type: 'text', text: content }],
})

/** What the process does to everybody, and not only to one call. */
export type Mood = { hanging: boolean; calls: number }

/** One line for each thing seen; a reader of the whole log of the pod has counted every call that came here. */
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** A server object: one for each request of 2026-07-28, one for each session before. */
export function friendlyServer(mood: Mood, notifier: ServerNotifier): McpServer {
  const server = new McpServer(
    { name: 'bartizan-e2e', version: process.env['SERVER_VERSION'] ?? '1.0.0' },
    { capabilities: { tools: { listChanged: true } }, instructions: 'A server for the tests on a cluster.' },
  )
  server.registerTool(
    'echo',
    { description: 'Answers with its text.', inputSchema: z.object({ text: z.string() }) },
    ({ text: said }) => {
      mood.calls++
      return text(said)
    },
  )
  server.registerTool(
    'wait',
    {
      description: 'Answers after some seconds. Says that a call came, and that it was answered.',
      inputSchema: z.object({ id: z.string(), seconds: z.number().max(60) }),
    },
    async ({ id, seconds }) => {
      mood.calls++
      say(`call ${id}`)
      await sleep(seconds * 1000)
      say(`answered ${id}`)
      return text(id)
    },
  )
  server.registerTool('count', { description: 'How many calls this process has seen.' }, () => text(`${mood.calls}`))
  server.registerTool('environment', { description: 'Names of its environment, its uid and its home.' }, () =>
    text(JSON.stringify({ uid: process.getuid?.(), home: process.env['HOME'], names: Object.keys(process.env) })),
  )
  server.registerTool('dangerous', { description: 'A tool for lists of denied ones.' }, () => text('it was called'))
  server.registerTool('hang', { description: 'From now on nothing is answered any more, health included.' }, () => {
    mood.hanging = true
    return text('hanging')
  })
  server.registerTool('change', { description: 'Says that the list of tools changed.' }, () => {
    notifier.toolsChanged()
    server.sendToolListChanged()
    return text('said so')
  })
  return server
}
