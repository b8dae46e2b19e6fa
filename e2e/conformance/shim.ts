import { once } from 'node:events'
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sabotage } from './sabotages.ts'

/** Headers that belong to one connection (RFC 9110, section 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

type Pairs = readonly (readonly [string, string])[]

const pairsOf = (raw: readonly string[]): Pairs =>
  raw.flatMap((name, at) => (at % 2 === 0 && !hopByHop.has(name.toLowerCase()) ? [[name, raw[at + 1]!] as const] : []))

export type Shim = { readonly url: string; stop(): Promise<void> }

export type ShimOptions = {
  /** Port on loopback of what stands behind it. */
  readonly target: number
  /** Added as `X-API-Key` to every request. */
  readonly key?: string
  /** What it does wrong, on purpose. */
  readonly sabotage?: Sabotage
}

/**
 * A pipe that adds a key and touches nothing else: `Host` stays as the client spelled it, streams flow as they come, and whichever side goes
 * takes the other with it. The suite cannot send a header of its own, so it dials this.
 */
export async function startShim({ target, key, sabotage }: ShimOptions): Promise<Shim> {
  const added: Pairs = key === undefined ? [] : [['X-API-Key', key]]

  function forward(inbound: IncomingMessage, answer: ServerResponse): void {
    const kept = pairsOf(inbound.rawHeaders).filter(([name]) => sabotage?.keepsHeader?.(name.toLowerCase()) ?? true)
    const outbound = send({
      host: '127.0.0.1',
      port: target,
      method: inbound.method,
      path: inbound.url,
      headers: [...kept, ...added].flat(),
      // A connection for each request: none is ever found closed by the other side.
      agent: false,
    })
    outbound.on('response', response => {
      const status = response.statusCode ?? 502
      answer.writeHead(
        sabotage?.status?.(status) ?? status,
        response.statusMessage,
        pairsOf(response.rawHeaders).flat(),
      )
      answer.flushHeaders()
      response.pipe(answer)
      // An answer that broke off must not look complete.
      response.on('error', () => answer.destroy())
    })
    outbound.on('error', () => answer.destroy())
    answer.on('close', () => outbound.destroy())
    inbound.pipe(outbound)
  }

  const server = createServer(forward)
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
