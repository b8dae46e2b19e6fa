import { rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import type { Endpoint, Log } from '../options.ts'

type Any = Server | TlsServer

/** The base URL of a listener, port 0 resolved. */
function urlOf(server: Any, endpoint: Endpoint, tls: boolean): string {
  if ('socket' in endpoint) return endpoint.socket
  const { port } = server.address() as AddressInfo
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `${tls ? 'https' : 'http'}://${host}:${port}`
}

const listens = (server: Any, endpoint: Endpoint): Promise<void> =>
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

const closed = (server: Any): Promise<void> => new Promise(resolve => void server.close(() => resolve()))

/** Does a process listen on this socket, or did a process that was killed leave it behind? */
const answers = (socket: string): Promise<boolean> =>
  new Promise(resolve => {
    const connection = connect(socket, () => {
      connection.destroy()
      resolve(true)
    })
    connection.on('error', () => resolve(false))
  })

/** Binds an endpoint; a socket on which no process answers is a leftover and makes way. Rejects with the reason of the system. */
async function listening(server: Any, endpoint: Endpoint): Promise<void> {
  if ('socket' in endpoint && !(await answers(endpoint.socket))) await rm(endpoint.socket, { force: true })
  await listens(server, endpoint)
}

/** What a node without IPv6, or a kernel without it, says. */
const noSuchFamily = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

const isMissingFamily = (endpoint: Endpoint, error: unknown): boolean =>
  'optional' in endpoint && noSuchFamily.has((error as NodeJS.ErrnoException).code ?? '')

/** Listeners that are bound. */
export type Bound<S extends Any> = {
  readonly servers: readonly S[]
  /** Their base URLs, ports resolved. */
  readonly urls: readonly string[]
  /** Takes no new connections, ends those without a request, and after `grace` milliseconds all others. */
  stop(grace?: number): Promise<void>
}

const stopping =
  (servers: readonly Any[]) =>
  async (grace = 0): Promise<void> => {
    const all = servers.map(closed)
    servers.forEach(server => server.closeIdleConnections())
    const timer = setTimeout(() => servers.forEach(server => server.closeAllConnections()), grace)
    await Promise.all(all)
    clearTimeout(timer)
  }

/**
 * Binds every endpoint, or none: a port that another process has already, be it in one address family only, is no place to take keys from. An
 * address family that does not exist is left out where the endpoint says so. Endpoints with port 0 share the port that the system picks for the
 * first of them.
 * @throws Error with the reason of the system
 */
export async function bind<S extends Any>(
  endpoints: readonly Endpoint[],
  make: () => S,
  { log, tls = false }: { readonly log: Log; readonly tls?: boolean },
): Promise<Bound<S>> {
  const servers: S[] = []
  const urls: string[] = []
  let picked = 0
  for (const endpoint of endpoints) {
    const wanted = 'port' in endpoint && endpoint.port === 0 ? { ...endpoint, port: picked } : endpoint
    const server = make()
    try {
      await listening(server, wanted)
    } catch (error) {
      if (isMissingFamily(endpoint, error)) {
        log.warn('an address family does not exist here, the others are served', { endpoint })
        continue
      }
      await stopping(servers)()
      throw error
    }
    const url = urlOf(server, wanted, tls)
    if ('port' in endpoint) picked = Number(new URL(url).port)
    servers.push(server)
    urls.push(url)
  }
  return { servers, urls, stop: stopping(servers) }
}
