type Container = { readonly name: string; readonly image: string; readonly restartPolicy?: string }

/** As much of a pod as a kubelet that plays it has to read. */
export type Pod = {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly nodeName?: string
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
  }
}

export type Waiting = { readonly reason: string; readonly message: string }

/** What becomes of a pod. Without a plan it runs and is ready. */
export type Plan = {
  /** Its address. A test gives one of 127.0.0.0/8 where a process of its own answers for the pod. */
  readonly ip?: string
  /** Containers that do not run, by name. Those whose image has `broken` in its name wait by themselves. */
  readonly waiting?: Readonly<Record<string, Waiting>>
  /** Running but not ready. */
  readonly unready?: boolean
  /** Called when the pod is told to end; its deletion is confirmed afterwards. */
  ended?(): void | Promise<void>
}

const pulling = (image: string): Waiting => ({
  reason: 'ImagePullBackOff',
  message: `Back-off pulling image "${image}"`,
})

const waitingOf = ({ name, image }: Container, { waiting = {} }: Plan): Waiting | undefined =>
  waiting[name] ?? (image.includes('broken') ? pulling(image) : undefined)

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'

/** The status of a pod that goes as planned: native sidecars run, other init containers have ended, the rest runs unless something waits. */
export function statusOf({ spec }: Pod, plan: Plan, now: Date): object {
  const time = now.toISOString().replace(/\.\d+Z$/, 'Z')
  const inits = spec.initContainers ?? []
  const held = inits.some(container => waitingOf(container, plan) !== undefined)
  const common = ({ name, image }: Container) => ({ name, image, imageID: '', restartCount: 0 })
  const running = (container: Container, ready: boolean) => ({
    ...common(container),
    ready,
    started: true,
    state: { running: { startedAt: time } },
  })
  const waits = (container: Container, waiting: Waiting) => ({
    ...common(container),
    ready: false,
    started: false,
    state: { waiting },
  })
  const ended = (container: Container) => ({
    ...common(container),
    ready: true,
    state: { terminated: { reason: 'Completed', exitCode: 0, startedAt: time, finishedAt: time } },
  })
  const initializing: Waiting = { reason: 'PodInitializing', message: '' }
  const ready = plan.unready !== true
  const initContainerStatuses = inits.map(container => {
    const waiting = waitingOf(container, plan)
    if (waiting !== undefined) return waits(container, waiting)
    return isSidecar(container) ? running(container, ready) : ended(container)
  })
  const containerStatuses = spec.containers.map(container => {
    const waiting = held ? initializing : waitingOf(container, plan)
    return waiting === undefined ? running(container, ready) : waits(container, waiting)
  })
  const all = ready && [...initContainerStatuses, ...containerStatuses].every(status => status.ready)
  const condition = (type: string, holds: boolean) => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: time,
    ...(holds ? {} : { reason: 'ContainersNotReady', message: 'containers are not ready' }),
  })
  return {
    phase: containerStatuses.some(({ state }) => 'running' in state) ? 'Running' : 'Pending',
    startTime: time,
    podIP: plan.ip,
    podIPs: [{ ip: plan.ip }],
    hostIP: '127.0.0.1',
    initContainerStatuses,
    containerStatuses,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', !held),
      condition('ContainersReady', all),
      condition('Ready', all),
    ],
  }
}
