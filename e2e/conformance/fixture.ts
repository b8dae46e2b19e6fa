import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { localhostHostValidation, localhostOriginValidation } from '@modelcontextprotocol/node'
import { bothEras } from './fixture/eras.ts'
import { fixtureServer } from './fixture/server.ts'

const answer = bothEras(fixtureServer)
const hostAllowed = localhostHostValidation()
const originAllowed = localhostOriginValidation()

const server = createServer((request, response) => {
  if (!hostAllowed(request, response) || !originAllowed(request, response)) return
  if (request.url?.split('?')[0] !== '/mcp') {
    response.writeHead(404).end()
    return
  }
  answer(request, response)
})
// Idle connections outlive those of any client, so that no request meets a socket that is being closed.
server.keepAliveTimeout = 60_000
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  console.log(`fixture listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
})
