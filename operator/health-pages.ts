import {
  checkPage,
  metricsPage,
  serve,
  silentReflectors,
  unsyncedReflectors,
  type HealthChecker,
  type HealthServer,
} from './kit/health.ts'
import type { MetricsRegistry } from './kit/metrics.ts'
import { observeLoop } from './kit/observe.ts'
import type { Reflector } from './kit/reflector.ts'

/** An API server that is away for so long is no reason to start anew; a reflector that hangs on its own is. */
const mostSilence = 600_000
/** Half the renew deadline of the lease. */
const mostLag = 5000

/** Serves health and metrics; `ready` adds what else stands in the way of readiness. */
export async function healthPages(
  reflectors: readonly Reflector[],
  metrics: MetricsRegistry,
  port: number,
  ready: HealthChecker,
): Promise<HealthServer> {
  const loop = observeLoop(metrics)
  const silent = silentReflectors(reflectors, mostSilence)
  const unsynced = unsyncedReflectors(reflectors)
  const lagging: HealthChecker = () =>
    loop.lag() > mostLag ? [`the event loop lags ${Math.round(loop.lag())} ms`] : []
  const pages = {
    '/livez': checkPage(() => [...silent(), ...lagging()]),
    '/readyz': checkPage(() => [...unsynced(), ...ready()]),
    '/metrics': metricsPage(() => metrics.text()),
  }
  const served = await serve(pages, port)
  return {
    port: served.port,
    async close() {
      loop.stop()
      await served.close()
    },
  }
}
