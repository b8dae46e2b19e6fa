import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { getHeapStatistics } from 'node:v8'
import type { AdminActions } from './admin/actions.ts'
import { adminListener } from './admin/administration.ts'
import { AuditLog } from './observe/audit.ts'
import { WaitingRequests } from './evaluation/waiting-requests.ts'
import { OpenCalls } from './runtime/open-calls.ts'
import { Connections } from './http/connections.ts'
import { HeldBytes } from './http/memory.ts'
import { defaultConnections, defaultPerIp, pageConnections } from './http/connection-limits.ts'
import { listenerNames } from './http/hosts.ts'
import { bind, type Bound } from './http/bind.ts'
import { Drain } from './drain/drain.ts'
import type { Tls } from './http/tls.ts'
import { clientServer, lazyListener, pagesServer } from './listen.ts'
import { throttled } from './observe/log.ts'
import { Metrics } from './observe/metrics.ts'
import { compileContext } from './runtime/compile.ts'
import { Configuration } from './runtime/configuration.ts'
import { ConfigurationError, type Gateway, type GatewayOptions } from './options.ts'
import type { Services } from './runtime/runtime.ts'

/** 4 MiB is what SDK servers accept; values and depth are counted before anything is parsed. */
const readLimits = { maxBytes: 4 * 1024 * 1024, maxValues: 50_000, maxDepth: 64 }

/** A directory that answers in 0.1 s lets in 2,560 callers a second so, and what they hold meanwhile stays below 20 MiB. */
const waitingLimits = { most: 256, mostPerOwner: 64 }

/** How long calls in flight may take to finish once the process was told to end. */
const drainMilliseconds = 25_000

/** And how long clients may take to read the last answers. Milliseconds. */
const answerGrace = 1_000

async function startClient(
  services: Services,
  options: GatewayOptions,
  configuration: Configuration,
): Promise<Bound<ReturnType<typeof clientServer>>> {
  const tls: Tls | undefined = configuration.tls
  const make = () => clientServer(services, tls, services.connections)
  const bound = await bind(options.client, make, { log: options.log, tls: !!tls })
  configuration.onTls = next =>
    bound.servers.forEach(server => 'setSecureContext' in server && server.setSecureContext(next))
  return bound
}

const notLoaded =
  ({ log }: Services) =>
  (error: unknown): void =>
    log.error('a page could not be loaded', { error: String(error) })

const metricsListener = (services: Services): RequestListener =>
  lazyListener(async () => (await import('./admin/metrics-app.ts')).metricsApp(services), notLoaded(services))

const startIdAlphabet = 36

/** Tells this start of the process from every other in decision ids and audit chains. */
const startId = (): string => randomBytes(8).readBigUInt64BE().toString(startIdAlphabet).padStart(13, '0')

/** Starts a gateway. Throws `ConfigurationError` when its first configuration cannot be compiled. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const now = options.now?.bind(options) ?? Date.now
  let ending = false
  const defaultMost = { plain: defaultConnections('plain'), tls: defaultConnections('tls') }
  const clientLimits = () => {
    const { limits } = configuration.runtime
    const mostPerIp = limits?.maxConnectionsPerIp ?? defaultPerIp(options.operator === true)
    return { most: limits?.maxConnections ?? defaultMost[configuration.tls ? 'tls' : 'plain'], mostPerIp }
  }
  /** A connection had to go, or was not let in. */
  const closed = (port: string) => {
    const said = throttled(
      connections => options.log.warn('too many connections: some were closed', { port, connections }),
      now,
    )
    return () => {
      services.metrics.drop('connection')
      said()
    }
  }
  const services: Services = {
    runtime: () => configuration.runtime,
    now,
    instance: options.instance,
    limits: readLimits,
    held: new HeldBytes(Math.floor(getHeapStatistics().heap_size_limit / 4), now),
    calls: new OpenCalls(now),
    waiting: { authentications: new WaitingRequests(waitingLimits), stages: new WaitingRequests(waitingLimits) },
    connections: new Connections(clientLimits, closed('client')),
    audit: new AuditLog(options.audit, options.instance, startId(), now),
    metrics: new Metrics(),
    unshown: new Metrics(),
    log: options.log,
    phase: () => (ending ? 'ending' : drain.phase),
  }
  const names = options.client.flatMap(endpoint => ('host' in endpoint ? listenerNames(endpoint.host) : []))
  const configuration = new Configuration(services, compileContext(options, names))
  const issues = configuration.first(options.texts)
  if (issues.length > 0) {
    await configuration.close()
    throw new ConfigurationError(issues)
  }
  const { log } = options
  const drain = new Drain(
    {
      calls: services.calls,
      servers: () => configuration.runtime.servers.values(),
      now,
      log,
      drained: () => client.servers.forEach(server => server.closeIdleConnections()),
    },
    options.drain ?? {},
  )
  const actions: AdminActions = {
    guards: () => options.guard('_gateway'),
    applied: () => configuration.applied,
    drain: () => (ending ? Promise.resolve() : drain.begin()),
    withdraw: withdrawals => configuration.withdraw(withdrawals),
  }
  const client = await startClient(services, options, configuration)
  const pages = (port: string, listener: RequestListener) => {
    // Each port has a limit of its own: a client that exhausts one does not block the others.
    const connections = new Connections(() => pageConnections, closed(port))
    return () => pagesServer(listener, connections)
  }
  const admin = await bind(options.admin ?? [], pages('admin', adminListener(services, actions)), { log })
  const metrics = await bind(options.metrics ?? [], pages('metrics', metricsListener(services)), { log })
  return {
    urls: client.urls,
    adminUrl: admin.urls[0],
    metricsUrl: metrics.urls[0],
    apply: texts => configuration.apply(texts),
    get hash() {
      return configuration.runtime.hash
    },
    get secretFolders() {
      return configuration.secretFolders
    },
    tick() {
      services.calls.tick()
      drain.tick()
    },
    async stop() {
      ending = true
      drain.end()
      await services.calls.drain(drainMilliseconds)
      await client.stop(answerGrace)
      await Promise.all([admin.stop(), metrics.stop(), configuration.close()])
      await services.audit.close()
    },
  }
}
