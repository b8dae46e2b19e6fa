/** Puts an upstream behind a bare HTTP server, so that real clients can talk to it without a gateway between. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { acceptedCredentials } from '../../../auth/accepted.ts'
import { render } from '../../../call/render.ts'
import { readBody } from '../../../mcp/message.ts'
import type { Upstream, UpstreamRequest } from '../../upstream.ts'
import { principal } from './client.ts'

export type Shim = { readonly url: URL; close(): Promise<void> }

export async function shim(upstream: Upstream): Promise<Shim> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => forward(upstream, request, Buffer.concat(chunks), response))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    async close() {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function forward(upstream: Upstream, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const read = body.length === 0 ? { batch: [] } : readBody(body, { maxBytes: 4e6, maxValues: 50_000, maxDepth: 64 })
  if ('denied' in read) {
    response.writeHead(400).end()
    return
  }
  const call = upstream.open(
    {
      method: request.method as UpstreamRequest['method'],
      headers: request.headers as Record<string, string>,
      ...(body.length === 0 ? {} : { body }),
      messages: 'batch' in read ? read.batch : [read.message],
      principal: principal('alice'),
    },
    {
      head: (status, headers) => void response.writeHead(status, headers).flushHeaders(),
      data: chunk => void response.write(chunk),
      end: () => void response.end(),
      fail: () => void response.destroy(),
      refuse: denial => {
        const { status, headers, body: text } = render(denial, { decision: 'd-shim-1', accepted: acceptedCredentials([]) })
        response.writeHead(status, headers).end(text)
      },
    },
  )
  response.on('close', () => call.cancel())
}
