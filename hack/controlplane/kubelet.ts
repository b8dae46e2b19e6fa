import type { Rest } from './rest.ts'
import { statusOf, type Plan, type Pod } from './pod-status.ts'

export type { Plan, Pod } from './pod-status.ts'

export type KubeletOptions = {
  /** How many nodes, `node-1` and so on; one unless said otherwise. */
  readonly nodes?: number
  /** Play only the pods of this namespace, so that several test files share a control plane. */
  readonly namespace?: string
  /** What becomes of a pod; asked once for each, may take its time. */
  readonly plan?: (pod: Pod) => Plan | Promise<Plan>
}

/** A fake kubelet: no process runs, but the API looks as if. */
export type Kubelet = { stop(): void }

const podPath = ({ metadata: { namespace, name } }: Pod): string => `/api/v1/namespaces/${namespace}/pods/${name}`

async function createNode(rest: Rest, name: string): Promise<void> {
  await rest.request('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } })
  const condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'plays' }
  const capacity = { cpu: '64', memory: '256Gi', pods: '1000' }
  await rest.request('PATCH', `/api/v1/nodes/${name}/status`, {
    status: { conditions: [condition], capacity, allocatable: capacity },
  })
}

/** One of the nodes that take pods, in turn. */
async function pick(rest: Rest, nodes: readonly string[], turn: number): Promise<string | undefined> {
  const { body } = await rest.request('GET', '/api/v1/nodes')
  const cordoned = new Set(
    (body['items'] as { metadata: { name: string }; spec?: { unschedulable?: boolean } }[])
      .filter(({ spec }) => spec?.unschedulable === true)
      .map(({ metadata }) => metadata.name),
  )
  const open = nodes.filter(name => !cordoned.has(name))
  return open[turn % open.length]
}

type Played = { readonly plan: Plan; ending: boolean }

/** Plays pods until it is stopped: binds them, lets their containers run, and confirms their end. Survives an API server that is killed. */
export async function playPods(rest: Rest, options: KubeletOptions = {}): Promise<Kubelet> {
  const stopped = new AbortController()
  const { signal } = stopped
  const nodes = Array.from({ length: options.nodes ?? 1 }, (_, at) => `node-${at + 1}`)
  for (const name of nodes) await createNode(rest, name)
  const played = new Map<string, Promise<Played>>()
  let turn = 0
  let addresses = 0

  /** A call that has to succeed; `fine` names further answers that are no reason to try again. */
  async function ask(method: string, path: string, body: object, fine: readonly number[] = []): Promise<number> {
    const { status, body: answer } = await rest.request(method, path, body)
    if (status < 300 || fine.includes(status)) return status
    throw new Error(`${method} ${path}: ${status} ${String(answer['message'])}`)
  }

  async function bind(pod: Pod): Promise<void> {
    const { uid, namespace, name } = pod.metadata
    let target = await pick(rest, nodes, turn++)
    while (target === undefined && !signal.aborted) {
      await pause(200, signal) // until a node is uncordoned
      target = await pick(rest, nodes, turn)
    }
    const metadata = { name, namespace, uid }
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata,
      target: { apiVersion: 'v1', kind: 'Node', name: target },
    }
    await ask('POST', `${podPath(pod)}/binding`, binding, [404, 409])
  }

  async function begin(pod: Pod): Promise<Played> {
    const at = ++addresses
    if (pod.spec.nodeName === undefined) await bind(pod)
    const plan = { ip: `10.244.${(at >> 8) & 255}.${at & 255}`, ...(await options.plan?.(pod)) }
    const status = statusOf(pod, plan, new Date())
    await ask('PATCH', `${podPath(pod)}/status`, { metadata: { uid: pod.metadata.uid }, status }, [404, 409])
    return { plan, ending: false }
  }

  async function end(pod: Pod, play: Promise<Played>): Promise<void> {
    const state = await play
    if (state.ending) return
    state.ending = true
    await state.plan.ended?.()
    const preconditions = { uid: pod.metadata.uid }
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions }
    await ask('DELETE', podPath(pod), options, [404, 409])
  }

  function see(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata
    const play = played.get(uid) ?? begin(pod)
    played.set(uid, play)
    // What the API server did not take while it was away comes again with the next list.
    const forget = (): void => void played.delete(uid)
    if (deletionTimestamp === undefined) play.catch(forget)
    else end(pod, play).catch(forget)
  }

  const scope = options.namespace === undefined ? '' : `/namespaces/${options.namespace}`
  const path = `/api/v1${scope}/pods`
  const isOurs = ({ spec: { nodeName } }: Pod): boolean => nodeName === undefined || nodes.includes(nodeName)

  async function follow(): Promise<void> {
    const { status, body } = await rest.request('GET', path)
    if (status !== 200) throw new Error(`pods cannot be listed: ${status}`)
    for (const pod of body['items'] as Pod[]) if (isOurs(pod)) see(pod)
    const { resourceVersion } = body['metadata'] as { resourceVersion: string }
    const query = `watch=1&timeoutSeconds=300&resourceVersion=${resourceVersion}`
    await rest.watch(
      `${path}?${query}`,
      ({ type, object }) => {
        const pod = object as Pod
        if (type === 'ERROR') throw new Error('the watch has ended')
        if (type === 'DELETED') played.delete(pod.metadata.uid)
        else if (isOurs(pod)) see(pod)
      },
      signal,
    )
  }

  void (async () => {
    while (!signal.aborted) {
      await follow().catch(() => undefined)
      await pause(100, signal)
    }
  })()
  return { stop: () => stopped.abort() }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
