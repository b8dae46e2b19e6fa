import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Hono } from 'hono'
import { handle, isMcpPath } from './call/handle.ts'
import { noOAuth } from './plain-pages.ts'
import type { Services } from './runtime.ts'

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
