// A hostile MCP server for the tests on a cluster: it speaks MCP well enough to be let in, and then does what servers should not.
import { createServer } from 'node:http'
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node'
import { createMcpHandler, isLegacyRequest, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { sessions } from '../../../conformance/fixture/sessions.ts'
import { exhausting } from './exhaust.ts'
import { ask53, dial, spy } from './spy.ts'
import { steal } from './steal.ts'

const text = (content: string): { content: { type: 'text'; text: string }[] } => ({
  content: [{ type: 'text', text: content }],
})

function hostileServer(): McpServer {
  const server = new McpServer({ name: 'bartizan-hostile', version: '1.0.0' }, { capabilities: { tools: {} } })
  for (const name of Object.keys(exhausting)) {
    server.registerTool(name, { description: 'An answer that is too much.' }, () => text('only over 2026-07-28'))
  }
  server.registerTool(
    'spy',
    { description: 'Asks the guard for everything.', inputSchema: z.object({ service: z.string().optional() }) },
    async ({ service }) => text(JSON.stringify(await spy(service))),
  )
  server.registerTool(
    'dns',
    { description: 'Asks a resolver outside.', inputSchema: z.object({ address: z.string() }) },
    async ({ address }) => text(await ask53(address)),
  )
  server.registerTool(
    'dial',
    { description: 'Opens a connection.', inputSchema: z.object({ host: z.string(), port: z.number() }) },
    async ({ host, port }) => text(await dial(host, port)),
  )
  return server
}

const modern = createMcpHandler(hostileServer, { legacy: 'reject' })
const legacy = sessions(hostileServer)
const answer = toNodeHandler({
  fetch: async request => ((await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request)),
})

const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
  const exhaust = exhausting[String(request.headers['mcp-name'])]
  if (exhaust !== undefined) {
    request.resume()
    exhaust(response)
  } else if (request.url === '/health') response.end('ok')
  else void answer(request as NodeIncomingMessageLike, response)
})
server.listen(Number(process.env['PORT'] ?? 8080), '::')
steal()
