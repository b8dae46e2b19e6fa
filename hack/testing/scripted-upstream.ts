import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** One request as it arrived at the server. */
export type Seen = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** Resolves when the gateway closes the connection of this request before the answer is complete. */
  readonly closed: Promise<void>
}

export type Respond = (seen: Seen, res: ServerResponse) => void

export type ScriptedUpstream = {
  readonly url: string
  readonly seen: readonly Seen[]
  /** What the next requests are answered with. */
  respond: Respond
  stop(): Promise<void>
}

/** Answers every request with an empty result for its id. */
export const emptyResult: Respond = ({ body }, res) => {
  const id = /"id":\s*("[^"]*"|-?\d+)/.exec(body.toString())?.[1]
  if (id === undefined) {
    res.writeHead(202).end()
    return
  }
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"ok"}]}}`)
}

async function read(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A server that keeps every request and answers as the test says: on a free port of loopback, or where the gateway of a pod would listen. */
export async function scriptedUpstream(
  respond: Respond = emptyResult,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<ScriptedUpstream> {
  const seen: Seen[] = []
  const server: Server = createServer((req, res) => {
    const closed = new Promise<void>(resolve => res.on('close', () => resolve()))
    void read(req).then(
      body => {
        const { method = '', url = '', headers, rawHeaders } = req
        const one = { method, url, headers, rawHeaders, body, closed }
        seen.push(one)
        upstream.respond(one, res)
      },
      () => undefined,
    )
  })
  server.listen(port, host)
  await once(server, 'listening')
  const upstream: ScriptedUpstream = {
    url: `http://${host}:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    respond,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return upstream
}
