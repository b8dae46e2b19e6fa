import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { rm } from 'node:fs/promises'
import { connect, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Hono } from 'hono'
import { handle, isMcpPath } from './call/handle.ts'
import { noOAuth } from './plain-pages.ts'
import type { Services } from './runtime.ts'
import type { Endpoint } from './options.ts'

export type Tls = { readonly cert: Buffer; readonly key: Buffer }

/**
 * A head of more than 16 KiB is answered with 431. Node drops headers beyond a count in silence, so there is no count: the size bounds it. A
 * request that is not complete after a minute is answered with 408.
 */
const limits = {
  maxHeaderSize: 16_384,
  requestTimeout: 60_000,
  headersTimeout: 20_000,
  keepAliveTimeout: 75_000,
  // An upgrade is nothing that MCP knows: it is read as the plain request that it also is.
  shouldUpgradeCallback: () => false,
}

/** A listener that loads its application with the first request: most gateways never need it. */
export function lazyListener(load: () => Promise<Hono>, failed: (error: unknown) => void): RequestListener {
  let loaded: Promise<RequestListener> | undefined
  const loading = async (): Promise<RequestListener> => {
    const [{ getRequestListener }, app] = await Promise.all([import('@hono/node-server'), load()])
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
    return (req, res) => void listener(req, res)
  }
  return (req, res) => {
    loaded ??= loading()
    loaded.then(
      listener => listener(req, res),
      error => {
        failed(error)
        // The next request tries again.
        loaded = undefined
        res.writeHead(500).end('This page could not be loaded; the log of the gateway says why.')
      },
    )
  }
}

/** A request that Node could not parse or that took too long, without a body that could be mistaken for an MCP answer. */
function badRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy()
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function prepared<S extends Server | TlsServer>(server: S): S {
  server.maxHeadersCount = 0
  server.on('clientError', badRequest)
  // Without a listener Node hangs up in silence.
  server.on('connect', (_, socket) =>
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
  )
  return server
}

/** The client port: MCP paths take the raw request and response, and there is nothing else. */
export function clientServer(services: Services, tls: Tls | undefined): Server | TlsServer {
  const listener: RequestListener = (req, res) => {
    if (isMcpPath(req.url ?? '')) handle(services, req, res)
    else noOAuth(res)
  }
  return prepared(tls ? createTlsServer({ ...limits, ...tls }, listener) : createServer(limits, listener))
}

/** A port for probes, status or metrics. */
export const pagesServer = (listener: RequestListener): Server => prepared(createServer(limits, listener))

/** The base URL of a listener, port 0 resolved. */
export function urlOf(server: Server | TlsServer, endpoint: Endpoint, tls: boolean): string {
  if ('socket' in endpoint) return endpoint.socket
  const { port } = server.address() as AddressInfo
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `${tls ? 'https' : 'http'}://${host}:${port}`
}

const bound = (server: Server | TlsServer, endpoint: Endpoint): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    const done = (): void => {
      server.off('error', reject)
      resolve()
    }
    if ('socket' in endpoint) server.listen(endpoint.socket, done)
    else
      server.listen({ host: endpoint.host, port: endpoint.port, ipv6Only: endpoint.host === '::', backlog: 4096 }, done)
  })

export const closed = (server: Server | TlsServer): Promise<void> =>
  new Promise(resolve => void server.close(() => resolve()))

/** Is anybody listening on this socket, or did a process that was killed leave it behind? */
const answers = (socket: string): Promise<boolean> =>
  new Promise(resolve => {
    const connection = connect(socket, () => {
      connection.destroy()
      resolve(true)
    })
    connection.on('error', () => resolve(false))
  })

/** Binds an endpoint; a socket that nobody answers on is a leftover and makes way. Rejects with the reason of the system. */
export async function listening(server: Server | TlsServer, endpoint: Endpoint): Promise<void> {
  if ('socket' in endpoint && !(await answers(endpoint.socket))) await rm(endpoint.socket, { force: true })
  await bound(server, endpoint)
}
