import { Applier } from './apply/applier.ts'
import { PlanStore } from './plan/plan-store.ts'
import { Caches } from './cache/caches.ts'
import { Fence } from './fence/fence.ts'
import { GeneratedKeys } from './secrets/generated-keys.ts'
import { GuardSecrets } from './secrets/guard-secrets.ts'
import { healthPages } from './health-pages.ts'
import { asLeader } from './kit/as-leader.ts'
import { ApiClient } from './kit/client.ts'
import { systemClock } from './kit/clock.ts'
import { Recorder } from './kit/events.ts'
import { Leader } from './kit/leader.ts'
import { MetricsRegistry } from './kit/metrics.ts'
import { observeLeader, observeQueue, observeReflectors, queueMetrics } from './kit/observe.ts'
import { WorkQueue, type Result } from './kit/work-queue.ts'
import { LastGoodStore } from './apply/last-good.ts'
import { DriftRepair } from './apply/drift-repair.ts'
import { NamedSecrets, secretNames } from './secrets/named-secrets.ts'
import { NamespaceReconciler } from './reconcile/namespace-reconciler.ts'
import { Observations } from './plan/observations.ts'
import { GatewayObserver } from './gateways/observer.ts'
import type { Operator, OperatorOptions } from './options.ts'
import { RevocationReconciler } from './reconcile/revocation-reconciler.ts'
import { Salt } from './secrets/salt.ts'
import { ServerReconciler } from './reconcile/server-reconciler.ts'
import type { SnapshotSources } from './plan/snapshot.ts'
import { StatusWriter } from './apply/status-writer.ts'
import { recordTransitions } from './reconcile/record-events.ts'
import { enqueueOnChange } from './reconcile/enqueue-on-change.ts'
import { WithdrawalSender } from './gateways/withdrawal-sender.ts'

/** The name of the operator's lease, and of itself in Events. */
const name = 'bartizan-operator'
/** Milliseconds that work under way may take after a stop; the pod has 30 s. */
const drain = 20_000

/** Starts an operator. It watches at once and writes as soon as it holds the lease. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { credentials, namespace, identity, log, gatewayImage } = options
  const clock = options.clock ?? systemClock
  const metrics = new MetricsRegistry()
  const client = new ApiClient({
    credentials,
    clock,
    connections: 8,
    userAgent: name,
    mayWrite: () => leader.isLeader() && (options.gate?.() ?? true),
    ...(options.lease && { fence: options.lease.leaseDuration - options.lease.renewDeadline }),
    answered: (method, status, lane) =>
      metrics.add('rest_client_requests_total', 'Answers of the API server.', { method, code: String(status), lane }),
  })
  let isEnding = false
  const lost = (): void => {
    // Nothing is written from now on; reconciliations that run fail.
    isEnding = true
    options.lost()
  }
  const leader = new Leader({ client, namespace, name, identity, clock, log, lost, ...options.lease })
  const recorder = new Recorder({ client, controller: 'mcp.gateway.io/operator', instance: identity, clock, log })

  const queue = (
    controller: string,
    workers: number,
    reconcile: (key: string, signal: AbortSignal) => Promise<Result>,
  ) => {
    const made = new WorkQueue({
      name: controller,
      workers,
      reconcile: (key, signal) => asLeader(leader, () => reconcile(key, signal)),
      clock,
      log,
      drain,
      metrics: queueMetrics(metrics, controller),
    })
    observeQueue(metrics, controller, made)
    return made
  }
  const queues = {
    namespaces: queue('namespace', 4, key => namespaces.reconcile(key)),
    servers: queue('server', 8, key => servers.reconcile(key)),
    gateways: queue('gateways', 32, (key, signal) => observer.observe(key, signal)),
    revocations: queue('revocation', 4, key => revocations.reconcile(key)),
  }
  const allNamespaces = (): void => {
    const all = Object.values(caches.own).flatMap(({ store }) => store.namespaces())
    for (const one of new Set([...all, ...plans.namespaces()])) queues.namespaces.add(one)
  }
  const watcher = enqueueOnChange(
    {
      namespace: key => queues.namespaces.add(key),
      revocation: key => queues.revocations.add(key),
      gateways: key => queues.gateways.add(key),
      allNamespaces,
      expire(object) {
        const { namespace: of = '', name = '' } = object.metadata
        secrets.expire(of, secretNames(object))
        generated.expire(of, name)
      },
      forget(uid) {
        statuses.forget(uid)
        lastGood.forget(uid)
      },
    },
    namespace,
  )
  const caches = new Caches({
    client,
    clock,
    log,
    handler: watcher,
    failed: (plural, verb) =>
      metrics.add('bartizan_list_watch_failures_total', 'Lists and watches that ended unasked.', { plural, verb }),
  })
  const secrets = new NamedSecrets(client, new Salt(client, namespace), clock)
  const guards = new GuardSecrets(client, clock)
  const generated = new GeneratedKeys(client, clock)
  const driftRepair = new DriftRepair(client, clock)
  const lastGood = new LastGoodStore(client, caches, driftRepair, clock, log)
  const observations = new Observations()
  const sources: SnapshotSources = {
    caches,
    secrets,
    guards,
    generated,
    lastGood,
    observations,
    clock,
    gatewayImage,
    operatorNamespace: namespace,
  }
  const applier = new Applier(client, caches, driftRepair)
  const plans = new PlanStore(sources, applier, clock)
  const statuses = new StatusWriter(client, caches, clock, recordTransitions(recorder))
  const enqueueNamespace = (key: string): void => queues.namespaces.add(key)
  const enqueueGateways = ({ key }: { readonly key: string }): void => queues.gateways.add(key)
  const observer = new GatewayObserver({ client, clock, sources, plans, enqueueNamespace })
  const expedite = observer.expedite.bind(observer)
  const servers = new ServerReconciler({ applier, plans, recorder, expedite, enqueueGateways, enqueueNamespace })
  const withdrawals = new WithdrawalSender({ caches, guards, clock, metrics })
  const revocations = new RevocationReconciler({ plans, servers, withdrawals, enqueueGateways })
  const enqueueServer = ({ key }: { readonly key: string }): void => queues.servers.add(key)
  const serverRemoved = ({ key }: { readonly key: string }): void => observer.forget(key)
  const namespaces = new NamespaceReconciler({
    sources,
    plans,
    statuses,
    clock,
    enqueueServer,
    enqueueGateways,
    serverRemoved,
  })

  const fence = options.unfenced === true ? undefined : new Fence({ client, namespace, clock, log, metrics })
  observeReflectors(metrics, caches.all)
  observeLeader(metrics, name, leader)
  const health =
    options.port === undefined
      ? undefined
      : await healthPages(caches.all, metrics, options.port, () =>
          isEnding ? ['it is ending'] : (fence?.problems() ?? []),
        )

  const [watching, working, leading] = [new AbortController(), new AbortController(), new AbortController()]
  const watched = Promise.all([caches.run(watching.signal), fence?.run(watching.signal)])
  const led = leader.run(leading.signal)
  const worked = (async () => {
    const aborted = new Promise(resolve => working.signal.addEventListener('abort', resolve, { once: true }))
    // An operator that may not list a kind never starts to reconcile, and must still be able to stop.
    await Promise.race([Promise.all([leader.elected(), caches.whenSynced()]), aborted])
    if (working.signal.aborted) return
    allNamespaces()
    await Promise.all(Object.values(queues).map(one => one.run(working.signal)))
  })()

  let ended: Promise<void> | undefined
  const end = async (): Promise<void> => {
    isEnding = true
    const wasElected = leader.isLeader()
    working.abort()
    if (wasElected) await worked
    watching.abort()
    await watched
    leading.abort()
    await led
    await leader.release()
    await health?.close()
    await client.close()
  }
  return {
    port: health?.port,
    isLeader: () => leader.isLeader(),
    elected: () => leader.elected(),
    stop: () => (ended ??= end()),
  }
}
