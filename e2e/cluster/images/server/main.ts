// A friendly MCP server for the tests on a cluster, made with the public SDK: both eras on one URL, slow tools, and a count of what it saw.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { bothEras } from '../../../conformance/fixture/eras.ts'
import { friendlyServer, type Mood } from './tools.ts'

// What else servers do. CRASH: ends at once. WRITE_HOME: needs a home that it may write to.
const { CRASH, WRITE_HOME, HOME = '/', PORT = '8080' } = process.env
if (CRASH !== undefined) {
  process.stderr.write(`fatal: ${CRASH}\n`)
  process.exit(1)
}
if (WRITE_HOME !== undefined) appendFileSync(join(HOME, 'state'), 'started\n')

const mood: Mood = { hanging: false, calls: 0 }
const answer = bothEras(notify => friendlyServer(mood, notify))

const server = createServer((request, response) => {
  if (mood.hanging) return
  const path = request.url?.split('?')[0]
  if (path === '/health') response.end('ok')
  else if (path === '/mcp') answer(request, response)
  else response.writeHead(404).end()
})
server.keepAliveTimeout = 60_000
server.listen(Number(PORT), '::', () => process.stdout.write(`listening on ${PORT}\n`))

// A well-behaved server finishes what it has begun; what is left of streams ends with it.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
  setTimeout(() => process.exit(0), 2000).unref()
})
