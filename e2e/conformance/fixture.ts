import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
  type NodeIncomingMessageLike,
  type NodeServerResponseLike,
} from '@modelcontextprotocol/node'
import { createMcpHandler, isLegacyRequest, type McpHttpHandler } from '@modelcontextprotocol/server'
import { fixtureServer } from './fixture/server.ts'
import { sessions } from './fixture/sessions.ts'

/** Both eras on one URL: 2026-07-28 by the SDK's own handler, everything older with sessions. */
const modern: McpHttpHandler = createMcpHandler(() => fixtureServer(modern.notify), { legacy: 'reject' })
const legacy = sessions(() => fixtureServer(modern.notify))
const answer = toNodeHandler({
  fetch: async request => ((await isLegacyRequest(request)) ? legacy(request) : modern.fetch(request)),
})

/** The SDK's adapter leaves the head of a stream in the buffer until the first event, which may be 15 s away. */
const flushing = (response: ServerResponse): NodeServerResponseLike => ({
  writeHead(status, headers) {
    response.writeHead(status, headers)
    response.flushHeaders()
  },
  write: chunk => response.write(chunk),
  end: chunk => response.end(chunk),
  on: (event, listener) => response.on(event, listener),
  get destroyed() {
    return response.destroyed
  },
})

const hostAllowed = localhostHostValidation()
const originAllowed = localhostOriginValidation()

const server = createServer((request, response) => {
  if (!hostAllowed(request, response) || !originAllowed(request, response)) return
  if (request.url?.split('?')[0] !== '/mcp') {
    response.writeHead(404).end()
    return
  }
  void answer(request as NodeIncomingMessageLike, flushing(response))
})
// Idle connections outlive those of any client, so that no request meets a socket that is being closed.
server.keepAliveTimeout = 60_000
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  console.log(`fixture listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
})
