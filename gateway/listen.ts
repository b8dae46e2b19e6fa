import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Hono } from 'hono'
import { handle, isMcpPath } from './call/handle.ts'
import { connectionOf, hasBody, type Connection } from './http/connection.ts'
import type { Connections } from './http/connections.ts'
import type { Tls } from './http/tls.ts'
import { badHost, badExpectation, bodyNotTaken, noOAuth } from './admin/plain-pages.ts'
import type { Services } from './runtime/runtime.ts'

/**
 * A head of more than 16 KiB is answered with 431. Node drops headers beyond a count in silence, so there is no count: the size bounds it. A
 * head that is not complete after 20 s, and a request that is not complete after a minute, is answered with 408.
 */
const limits = {
  maxHeaderSize: 16_384,
  requestTimeout: 60_000,
  headersTimeout: 20_000,
  keepAliveTimeout: 75_000,
  // How often Node looks for those that are late: unless it is told, twice a minute.
  connectionsCheckingInterval: 5_000,
  // Node would answer that by itself, to every request that has arrived.
  requireHostHeader: false,
  // An upgrade is nothing that MCP knows: it is read as the plain request that it also is.
  shouldUpgradeCallback: () => false,
}

/** A client that does not end its TLS handshake. Milliseconds. */
const handshakeTimeout = 10_000

/** A listener that loads its application with the first request: most gateways never need it. */
export function lazyListener(load: () => Promise<Hono>, failed: (error: unknown) => void): RequestListener {
  let loaded: Promise<RequestListener> | undefined
  const loading = async (): Promise<RequestListener> => {
    const [{ getRequestListener }, app] = await Promise.all([import('@hono/node-server'), load()])
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
    return (req, res) => void listener(req, res)
  }
  return (req, res) => {
    if (hasBody(req)) return bodyNotTaken(res)
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

const plain = (status: string): string => `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`

/** A request that Node could not parse or that took too long, without a body that could be mistaken for an MCP answer. */
function badRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  const connection = connectionOf(socket)
  if (error.code === 'HPE_HEADER_OVERFLOW') connection?.broken(plain('431 Request Header Fields Too Large'))
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') connection?.broken(plain('408 Request Timeout'))
  else if (error.code?.startsWith('HPE_') === true) connection?.broken(plain('400 Bad Request'))
  else socket.destroy()
}

/** A request is served once its connection knows of it. */
function served(listener: RequestListener): RequestListener {
  return (req, res) => {
    connectionOf(req.socket)?.serve(res)
    if (req.headers.host === undefined && req.httpVersionMinor === 1) badHost(res)
    else listener(req, res)
  }
}

function prepared<S extends Server | TlsServer>(server: S, connections: Connections, listener: RequestListener): S {
  const known = new Map<string, Connection>()
  // A TLS socket does not say upon which other it stands, but both have the same peer.
  const nameOf = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`
  const encrypted = 'setSecureContext' in server
  server.maxHeadersCount = 0
  server.on('connection', (socket: Socket) => {
    const connection = connections.add(socket)
    if (!connection) return
    if (!encrypted) {
      connection.attach(socket)
      return
    }
    const name = nameOf(socket)
    known.set(name, connection)
    socket.once('close', () => void (known.get(name) === connection && known.delete(name)))
  })
  server.on('secureConnection', (socket: Socket) => {
    const connection = known.get(nameOf(socket))
    if (connection) connection.attach(socket)
    else socket.destroy()
  })
  const serve = served(listener)
  server.on('request', serve)
  // A client that waits for "100 Continue" has not sent a body yet, and a refusal spares it; the reader of the body sends it.
  server.on('checkContinue', serve)
  server.on(
    'checkExpectation',
    served((_, res) => badExpectation(res)),
  )
  server.on('clientError', badRequest)
  // Without a listener Node hangs up in silence.
  server.on('connect', (_: IncomingMessage, socket: Duplex) =>
    connectionOf(socket)?.broken(plain('405 Method Not Allowed')),
  )
  return server
}

/** The client port: MCP paths take the raw request and response, and there is nothing else. */
export function clientServer(services: Services, tls: Tls | undefined, connections: Connections): Server | TlsServer {
  const listener: RequestListener = (req, res) => {
    if (isMcpPath(req.url ?? '')) handle(services, req, res)
    else noOAuth(services)(res)
  }
  const server = tls ? createTlsServer({ ...limits, ...tls, handshakeTimeout }) : createServer(limits)
  return prepared(server, connections, listener)
}

/** A port for probes, status or metrics. */
export const pagesServer = (listener: RequestListener, connections: Connections): Server =>
  prepared(createServer(limits), connections, listener)
