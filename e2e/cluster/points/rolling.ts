import type { Streams, Tally } from '../images/load/tally.ts'
import { followLogs } from '../logs.ts'
import { withServer, type Scene } from '../scene.ts'
import { demand, type Point, type Stage } from '../stage.ts'

const space = 'e2e-rolling'

type Report = {
  readonly run: string
  readonly quick: Tally
  readonly slow: Tally
  readonly legacy: Tally
  readonly listen: Streams
  readonly get: Streams
  readonly sessions: { readonly notFound: number; readonly initialized: number; readonly refused: readonly string[] }
}

/** Calls for some seconds from the caller's pod while something happens; what the callers and what the servers saw. */
export async function underLoad(
  stage: Stage,
  scene: Scene,
  seconds: number,
  happens: () => Promise<void>,
): Promise<{ report: Report; seen: ReadonlySet<string> }> {
  const { kubectl, cluster } = stage
  const logs = followLogs(cluster, scene.namespace, `app.kubernetes.io/instance=${scene.server}`, 'server')
  const command = ['env', `BARTIZAN_KEY=${scene.key}`, 'node', '/app/load.mjs', scene.url, String(seconds), '20']
  const load = kubectl.ok(['exec', '-n', scene.namespace, 'caller', '--', ...command])
  load.catch(() => undefined) // it is awaited below, also when what happens fails first
  try {
    await happens()
  } finally {
    await load.catch(() => undefined)
    await logs.stop()
  }
  const line = (await load).split('\n').find(text => text.startsWith('{'))
  demand(line !== undefined, 'the load printed no report')
  const seen = new Set(logs.lines.filter(text => text.startsWith('call ')).map(text => text.slice(5)))
  return { report: JSON.parse(line) as Report, seen }
}

const count = (seen: ReadonlySet<string>, prefix: string): number =>
  [...seen].filter(id => id.startsWith(prefix)).length

/** Modern calls: sent, answered and seen by the server are the same number. */
export function judgeModern({ run, quick, slow }: Report, seen: ReadonlySet<string>): string {
  const parts = [
    { name: '0.5 s', tally: quick, seen: count(seen, `quick-${run}-`) },
    { name: '20 s', tally: slow, seen: count(seen, `slow-${run}-`) },
  ]
  const text = parts
    .map(({ name, tally, seen }) => `${name}: sent ${tally.sent}, answered ${tally.answered}, seen ${seen}`)
    .join('; ')
  const lost = [...quick.lost, ...slow.lost].slice(0, 3).join('; ')
  demand(
    parts.every(({ tally, seen }) => tally.sent === tally.answered && seen === tally.sent),
    `${text}; ${lost}`,
  )
  return text
}

export function judgeLegacy({ legacy, get, listen, sessions }: Report): string {
  const text = `calls ${legacy.answered} of ${legacy.sent}; ${sessions.initialized} sessions, ${sessions.notFound} forgotten; GET streams ${get.opened} opened, ${get.broken.length} broken; listen ${listen.opened} opened, ${listen.broken.length} broken`
  const complaints = [...legacy.lost, ...get.broken, ...listen.broken, ...sessions.refused].slice(0, 3).join('; ')
  demand(complaints === '', `${text}; ${complaints}`)
  return text
}

async function restart({ kubectl }: Stage, { namespace, server }: Scene, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await kubectl.ok(['rollout', 'restart', '-n', namespace, `deployment/mcp-${server}`])
    await kubectl.ok(['rollout', 'status', '-n', namespace, `deployment/mcp-${server}`, '--timeout=180s'])
  }
}

/** The names of nodes with pods of the server, emptied and given back one after the other. */
async function drain({ kubectl }: Stage, { namespace, server }: Scene, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const path = 'jsonpath={.items[0].spec.nodeName}'
    const label = `app.kubernetes.io/instance=${server}`
    const node = await kubectl.ok(['get', 'pods', '-n', namespace, '-l', label, '-o', path])
    const only = ['--ignore-daemonsets', '--delete-emptydir-data', `--pod-selector=${label}`, '--timeout=180s']
    try {
      await kubectl.ok(['drain', node, ...only])
    } finally {
      await kubectl.ok(['uncordon', node])
    }
    await kubectl.ok(['rollout', 'status', '-n', namespace, `deployment/mcp-${server}`, '--timeout=180s'])
  }
}

async function judged(stage: Stage, scene: Scene, what: string, happens: () => Promise<void>): Promise<void> {
  let report: Report | undefined
  await stage.row(`${what}: no modern call is lost`, async () => {
    // A restart of two pods takes about half a minute while calls of 20 s are in flight.
    const run = await underLoad(stage, scene, stage.full ? 600 : 60, happens)
    report = run.report
    return judgeModern(report, run.seen)
  })
  if (report === undefined) return
  const { legacy, ...rest } = report
  await stage.row(`${what}: legacy sessions end cleanly`, () => Promise.resolve(judgeLegacy({ legacy, ...rest })))
}

/** Restarts and drains under load, by callers that never try again. */
export const rolling: Point = {
  id: '4',
  title: 'Rolling restarts and drains under load',
  short: false,
  demo: false,
  async run(stage) {
    await withServer(stage, space, { server: { replicas: 2 } }, async scene => {
      const [restarts, drains] = stage.full ? [20, 3] : [1, 1]
      await judged(stage, scene, `${restarts} restarts`, () => restart(stage, scene, restarts))
      await judged(stage, scene, `${drains} drains`, () => drain(stage, scene, drains))
    })
  },
}
