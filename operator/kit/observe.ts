import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Leader } from './leader.ts'
import type { Metrics } from './metrics.ts'
import type { Outcome, Queue, QueueMetrics } from './queue.ts'
import type { Reflector } from './reflector.ts'

const terms = {
  total: 'Reconciliations by result.',
  errors: 'Reconciliations that failed and are tried again.',
  terminal: 'Reconciliations that failed and are not tried again.',
  panics: 'Reconciliations that ended by a bug.',
  time: 'Length of a reconciliation.',
  timeouts: 'Reconciliations that took too long.',
}

/** What a queue reports, under the names of controller-runtime, for which dashboards exist. */
export function queueMetrics(metrics: Metrics, controller: string): QueueMetrics {
  const name = { name: controller }
  const by = { controller }
  const count = (which: string, help: string): void => metrics.add(`controller_runtime_reconcile_${which}`, help, by)
  const counted: { readonly [O in Outcome]?: () => void } = {
    error: () => count('errors_total', terms.errors),
    terminal: () => count('terminal_errors_total', terms.terminal),
    panic: () => {
      count('errors_total', terms.errors)
      count('panics_total', terms.panics)
    },
  }
  return {
    added: () => metrics.add('workqueue_adds_total', 'Keys added.', name),
    retried: () => metrics.add('workqueue_retries_total', 'Keys added again after a failure.', name),
    started: waited => metrics.observe('workqueue_queue_duration_seconds', 'Time in the queue.', name, waited),
    timedOut: () => count('timeouts_total', terms.timeouts),
    ended(outcome, took) {
      metrics.observe('workqueue_work_duration_seconds', 'Time of work on a key.', name, took)
      metrics.observe('controller_runtime_reconcile_time_seconds', terms.time, by, took)
      const result = outcome === 'terminal' || outcome === 'panic' ? 'error' : outcome
      metrics.add('controller_runtime_reconcile_total', terms.total, { controller, result })
      counted[outcome]?.()
    },
  }
}

/** States that are read at each scrape. */
export function observeQueue(metrics: Metrics, controller: string, queue: Queue): void {
  const name = { name: controller }
  const by = { controller }
  metrics.scraped.push(() => {
    const unfinished = queue.unfinished()
    const sum = unfinished.reduce((all, seconds) => all + seconds, 0)
    metrics.set('workqueue_depth', 'Keys that wait.', name, queue.depth)
    metrics.set('workqueue_unfinished_work_seconds', 'Time spent on what is not done.', name, sum)
    metrics.set('workqueue_longest_running_processor_seconds', 'Oldest work.', name, Math.max(0, ...unfinished))
    metrics.set('controller_runtime_active_workers', 'Reconciliations under way.', by, queue.active)
    metrics.set('controller_runtime_max_concurrent_reconciles', 'Most at once.', by, queue.workers)
  })
}

/** Seconds since the server was last heard, per kind. */
export function observeReflectors(metrics: Metrics, reflectors: readonly Reflector[]): void {
  metrics.scraped.push(() => {
    for (const reflector of reflectors) {
      const { group, version, plural } = reflector.resource
      const gvr = [group, version, plural].filter(part => part !== '').join('/')
      metrics.set('reflector_last_sync_age_seconds', 'Since the API server was heard.', { gvr }, reflector.age / 1000)
    }
  })
}

export function observeLeader(metrics: Metrics, name: string, leader: Leader): void {
  const help = 'Whether this process holds the lease.'
  metrics.scraped.push(() => metrics.set('leader_election_master_status', help, { name }, Number(leader.isLeader())))
}

/** Watches the event loop: gives the 99th percentile of its lag in milliseconds since the last reading of the gauge or of liveness. */
export function observeLoop(metrics: Metrics): { lag(): number; stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: 20 })
  histogram.enable()
  const lag = (): number => (Number.isNaN(histogram.mean) ? 0 : histogram.percentile(99) / 1e6)
  const help = 'The 99th percentile of the lag of the event loop.'
  metrics.scraped.push(() => metrics.set('nodejs_eventloop_lag_p99_seconds', help, {}, lag() / 1000))
  return { lag, stop: () => histogram.disable() }
}
