import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { memoryOf, type Memory } from '../../../hack/bench/process.ts'
import { gatewayProcess, nodeRow } from '../node.ts'
import { podsOf, untilReady } from '../server-fixture.ts'
import { demand, eventually, type Stage } from '../stage.ts'

/** The budget of an idle gateway: MiB of pages that are its alone, MiB that are resident, and milliseconds until it can be asked. */
const budget = { anonymous: 30, resident: 72, start: 400 } as const

/** Gateways that are measured, each in a pod of its own, started when nothing else is. */
const pods = 5

/** Hundredths of a second are what /proc counts in (USER_HZ), whatever the kernel's own clock does. */
const tick = 10

/** What one gateway was seen to take. Memory in MiB, the start in milliseconds. */
type Seen = { readonly memory: Memory; readonly start: number }

/**
 * When a process was forked, in milliseconds since the epoch, to a hundredth of a second. For a container that is before its program: the runtime forks,
 * sets up what separates it, waits to be told to start, and becomes the program.
 */
function forked(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  const [uptime = ''] = readFileSync('/proc/uptime', 'utf8').split(' ')
  return Date.now() - Number(uptime) * 1000 + Number(fields[19]) * tick // the 22nd of proc(5), two of them before the bracket
}

/** When a gateway said that its ports are open: its configuration is compiled by then, and all who ask are answered. */
async function listening({ kubectl }: Stage, namespace: string, pod: string): Promise<number> {
  const log = await kubectl.ok(['logs', '-n', namespace, pod, '-c', 'gateway'])
  const line = log.split('\n').find(text => text.includes('"event":"listening"'))
  demand(line !== undefined, `the gateway of ${pod} does not say that it listens`)
  return Date.parse((JSON.parse(line) as { time: string }).time)
}

/** Reads the memory until it stays as it is while kubelet, health checks and operator do what they always do. */
async function atRest(pid: number): Promise<Memory> {
  let before = memoryOf(pid)
  return eventually(
    () => {
      const now = memoryOf(pid)
      const grown = now.anonymous - before.anonymous
      before = now
      return grown < 0.1 ? Promise.resolve(now) : Promise.reject(new Error(`it still grows, to ${now.anonymous} MiB`))
    },
    60_000,
    5000,
  )
}

async function look(stage: Stage, namespace: string, name: string): Promise<Seen> {
  await untilReady(stage, namespace, name)
  const [pod = ''] = await podsOf(stage, namespace, name)
  const pid = await gatewayProcess(stage.kubectl, namespace, pod)
  demand(pid !== undefined, `the gateway of ${pod} does not run`)
  const start = (await listening(stage, namespace, pod)) - forked(pid)
  return { start, memory: await atRest(pid) }
}

/** The gateways of pods that are started one after the other. */
async function looks(stage: Stage, namespace: string, name: string): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  while (seen.length < pods) {
    seen.push(await look(stage, namespace, name))
    const [pod = ''] = await podsOf(stage, namespace, name)
    await stage.kubectl.ok(['delete', 'pod', '-n', namespace, pod, '--timeout=120s'])
  }
  return seen
}

const spread = (values: readonly number[], digits: number): string => {
  const sorted = values.toSorted((a, b) => a - b).map(value => value.toFixed(digits))
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]} to ${sorted.at(-1)})`
}

const most = (values: readonly number[]): number => Math.max(...values)

/**
 * What the gateway costs in its pod, against the budget: at rest after the operator has used it, and until it can be asked.
 *
 * It is looked at after the operator's handshake and some checks of its health: a gateway that has answered no one takes less than any that is used (decision 34).
 */
export async function footprint(stage: Stage, namespace: string, name: string): Promise<void> {
  let seen: readonly Seen[] = []
  await nodeRow(stage, `its gateway takes at most ${budget.anonymous} MiB of memory of its own at rest`, async () => {
    seen = await looks(stage, namespace, name)
    const [anonymous, resident] = [seen.map(one => one.memory.anonymous), seen.map(one => one.memory.resident)]
    const text = `${pods} pods: ${spread(anonymous, 1)} MiB anonymous; resident, with the pages of Node that all share, ${spread(resident, 1)} MiB of ${budget.resident}`
    demand(most(anonymous) <= budget.anonymous && most(resident) <= budget.resident, text)
    return text
  })
  await nodeRow(stage, `its gateway can be asked within ${budget.start} ms of the start of its container`, () => {
    demand(seen.length > 0, 'no gateway was seen')
    const starts = seen.map(({ start }) => start)
    const load = `load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`
    const text = `${pods} pods: ${spread(starts, 0)} ms from the fork of the container's process to open ports (${load})`
    demand(starts.toSorted((a, b) => a - b)[Math.floor(pods / 2)]! <= budget.start, text)
    return Promise.resolve(text)
  })
}
