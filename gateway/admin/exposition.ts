import { Counter, Gauge, Registry, type Metric } from 'prom-client'
import { durationBuckets, type Metrics } from '../observe/metrics.ts'
import type { Services } from '../runtime/runtime.ts'

type Labelled = { readonly values: ReadonlyMap<string, number> }

function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  source: () => Labelled,
): void {
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      for (const [key, value] of source().values) {
        const labels = key.split('\0')
        this.inc(Object.fromEntries(labelNames.map((label, at) => [label, labels[at] ?? ''])), value)
      }
    },
  })
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}

/** A histogram of counters that are kept elsewhere: only what a registry asks of a metric. */
function durations(metrics: Metrics): Metric {
  const name = 'http_request_duration_seconds'
  const values = (): { metricName: string; labels: Record<string, string | number>; value: number }[] =>
    [...metrics.durations].flatMap(([server, { counts, sum }]) => {
      let total = 0
      const buckets = [...counts].map((count, at) => {
        total += count
        return { metricName: `${name}_bucket`, labels: { server, le: durationBuckets[at] ?? '+Inf' }, value: total }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: { server }, value: sum },
        { metricName: `${name}_count`, labels: { server }, value: total },
      ]
    })
  const help = 'Time from the first byte of a request to the end of its answer.'
  return {
    name,
    help,
    get: () => Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: values() }),
  } as unknown as Metric
}

/** Everything that the metrics port shows, in the Prometheus text format. */
export function exposition(services: Services): () => Promise<string> {
  const { metrics, audit, calls, held, connections } = services
  const registry = new Registry()
  counter(
    registry,
    'http_requests_total',
    'Calls that are over, by HTTP status.',
    ['server', 'status'],
    () => metrics.requests,
  )
  counter(
    registry,
    'bartizan_decisions_total',
    'Verdicts: Allowed, or the code of the refusal.',
    ['server', 'code'],
    () => metrics.decisions,
  )
  counter(
    registry,
    'bartizan_guardrail_findings_total',
    'What detectors saw, by the mode of the rule: Audit counts what would have been acted on.',
    ['server', 'detector', 'rule', 'mode', 'policy'],
    () => metrics.findings,
  )
  counter(
    registry,
    'bartizan_config_reloads_total',
    'Configurations that were read, and messages that took keys back ahead of one.',
    ['result'],
    () => metrics.reloads,
  )
  counter(
    registry,
    'bartizan_dropped_total',
    'Lines and events that were not forwarded.',
    ['what'],
    () => metrics.dropped,
  )
  gauge(registry, 'bartizan_audit_dropped_lines', 'Audit lines that were lost since the start.', () => audit.dropped)
  gauge(registry, 'bartizan_open_calls', 'Calls and streams that are open.', () => calls.size)
  gauge(registry, 'bartizan_open_connections', 'Connections of clients that are open.', () => connections.size)
  gauge(registry, 'bartizan_held_bytes', 'Bytes of request and answer bodies that are held.', () => held.held)
  new Gauge({
    name: 'gateway_server_health_status',
    help: '1 while the server answers its health check.',
    labelNames: ['server'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [server, { health }] of services.runtime().servers)
        if (health) this.set({ server }, health.healthy ? 1 : 0)
    },
  })
  registry.registerMetric(durations(metrics))
  return () => registry.metrics()
}
