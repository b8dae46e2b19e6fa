import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { getHeapStatistics } from 'node:v8'
import { adminListener } from './admin.ts'
import { AuditLog } from './audit.ts'
import { OpenCalls } from './call/open-calls.ts'
import { HeldBytes } from './http/memory.ts'
import { listenerNames } from './http/hosts.ts'
import { clientServer, closed, lazyListener, listening, pagesServer, urlOf, type Tls } from './listen.ts'
import { Metrics } from './metrics.ts'
import { Configuration } from './configuration.ts'
import { ConfigurationError, type Endpoint, type Gateway, type GatewayOptions } from './options.ts'
import type { Services } from './runtime.ts'

/** 4 MiB is what SDK servers accept; values and depth are counted before anything is parsed. */
const readLimits = { maxBytes: 4 * 1024 * 1024, maxValues: 50_000, maxDepth: 64 }

/** How long calls in flight may take to finish once the process was told to end. */
const drainMilliseconds = 25_000

/** Endpoints that share a port number, with 0 meaning one that the system picks for all of them. */
type Started = { readonly urls: string[]; stop(): Promise<void> }

async function startClient(
  services: Services,
  options: GatewayOptions,
  configuration: Configuration,
): Promise<Started> {
  const tls: Tls | undefined = configuration.tls
  const servers = options.client.map(() => clientServer(services, tls))
  configuration.onTls = next => servers.forEach(server => 'setSecureContext' in server && server.setSecureContext(next))
  let picked = 0
  const urls: string[] = []
  for (const [at, endpoint] of options.client.entries()) {
    const wanted = 'port' in endpoint && endpoint.port === 0 ? { ...endpoint, port: picked } : endpoint
    await listening(servers[at]!, wanted)
    const url = urlOf(servers[at]!, wanted, tls !== undefined)
    if ('port' in endpoint) picked = Number(new URL(url).port)
    urls.push(url)
  }
  return {
    urls,
    stop: async () => {
      const all = servers.map(closed)
      servers.forEach(server => server.closeIdleConnections())
      const timer = setTimeout(() => servers.forEach(server => server.closeAllConnections()), 1_000)
      await Promise.all(all)
      clearTimeout(timer)
    },
  }
}

async function startPages(listener: RequestListener, endpoint: Endpoint | undefined): Promise<Started> {
  if (!endpoint) return { urls: [], stop: () => Promise.resolve() }
  const server = pagesServer(listener)
  await listening(server, endpoint)
  return {
    urls: [urlOf(server, endpoint, false)],
    stop: () => {
      const done = closed(server)
      server.closeAllConnections()
      return done
    },
  }
}

const notLoaded =
  ({ log }: Services) =>
  (error: unknown): void =>
    log.error('a page could not be loaded', { error: String(error) })

const metricsListener = (services: Services): RequestListener =>
  lazyListener(async () => (await import('./app.ts')).metricsApp(services), notLoaded(services))

const startIdAlphabet = 36

/** Tells this start of the process from every other in decision ids and audit chains. */
const startId = (): string => randomBytes(8).readBigUInt64BE().toString(startIdAlphabet).padStart(13, '0')

/** Starts a gateway. Throws `ConfigurationError` when its first configuration cannot be compiled. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const now = options.now?.bind(options) ?? Date.now
  let phase: ReturnType<Services['phase']> = 'serving'
  const services: Services = {
    runtime: () => configuration.runtime,
    now,
    instance: options.instance,
    limits: readLimits,
    held: new HeldBytes(Math.floor(getHeapStatistics().heap_size_limit / 4)),
    calls: new OpenCalls(now),
    audit: new AuditLog(options.audit, options.instance, startId()),
    metrics: new Metrics(),
    log: options.log,
    phase: () => phase,
  }
  const names = options.client.flatMap(endpoint => ('host' in endpoint ? listenerNames(endpoint.host) : []))
  const configuration = new Configuration(options, services, names)
  const issues = configuration.first(options.texts)
  if (issues.length > 0) throw new ConfigurationError(issues)
  const client = await startClient(services, options, configuration)
  const admin = await startPages(
    adminListener(services, { guards: () => options.guard('_gateway'), applied: () => configuration.applied }),
    options.admin,
  )
  const metrics = await startPages(metricsListener(services), options.metrics)
  return {
    urls: client.urls,
    adminUrl: admin.urls[0],
    metricsUrl: metrics.urls[0],
    apply: texts => configuration.apply(texts),
    get hash() {
      return configuration.runtime.hash
    },
    tick: () => services.calls.tick(),
    async stop() {
      phase = 'ending'
      await services.calls.drain(drainMilliseconds)
      await client.stop()
      await Promise.all([admin.stop(), metrics.stop(), configuration.close()])
      await options.audit.close()
    },
  }
}
