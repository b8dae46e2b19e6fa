import type { Streams, Tally } from './images/load/tally.ts'
import { followLogs } from './logs.ts'
import type { ServerFixture } from './server-fixture.ts'
import { demand, type Stage } from './stage.ts'

type Report = {
  readonly run: string
  readonly quick: Tally
  readonly slow: Tally
  readonly legacy: Tally
  readonly listen: Streams
  readonly get: Streams
  readonly sessions: { readonly notFound: number; readonly initialized: number; readonly refused: readonly string[] }
}

/** Longer than anything that happens meanwhile. Seconds. */
const longest = 1500

type Load = { readonly report: Report; readonly seen: ReadonlySet<string>; readonly seconds: number }

/** Calls from the caller's pod while something happens; what the callers and what the servers saw, and how long it took. */
export async function underLoad(stage: Stage, fixture: ServerFixture, happens: () => Promise<void>): Promise<Load> {
  const { kubectl, cluster } = stage
  const logs = followLogs(cluster, fixture.namespace, `app.kubernetes.io/instance=${fixture.server}`, 'server')
  const command = ['env', `BARTIZAN_KEY=${fixture.key}`, 'node', '/app/load.mjs', fixture.url, String(longest), '20']
  const load = kubectl.ok(['exec', '-n', fixture.namespace, 'caller', '--', ...command])
  load.catch(() => undefined) // it is awaited below, also when what happens fails first
  // Ten calls of 20 s are in flight before anything happens.
  await new Promise(resolve => setTimeout(resolve, 5000))
  const began = performance.now()
  let seconds = 0
  try {
    await happens()
    seconds = (performance.now() - began) / 1000
  } finally {
    await kubectl.run(['exec', '-n', fixture.namespace, 'caller', '--', 'touch', '/tmp/over'])
    await load.catch(() => undefined)
    await logs.stop()
  }
  const line = (await load).split('\n').find(text => text.startsWith('{'))
  demand(line !== undefined, 'the load printed no report')
  const seen = new Set(logs.lines.filter(text => text.startsWith('call ')).map(text => text.slice(5)))
  return { report: JSON.parse(line) as Report, seen, seconds }
}

const count = (seen: ReadonlySet<string>, prefix: string): number =>
  [...seen].filter(id => id.startsWith(prefix)).length

/** Modern calls: sent, answered and seen by the server are the same number. */
function judgeModern({ run, quick, slow }: Report, seen: ReadonlySet<string>): string {
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

function judgeLegacy({ legacy, get, listen, sessions }: Report): string {
  const text = `calls ${legacy.answered} of ${legacy.sent}; ${sessions.initialized} sessions, ${sessions.notFound} forgotten; GET streams ${get.opened} opened, ${get.broken.length} broken; listen ${listen.opened} opened, ${listen.broken.length} broken`
  const complaints = [...legacy.lost, ...get.broken, ...listen.broken, ...sessions.refused].slice(0, 3).join('; ')
  demand(complaints === '' && legacy.answered === legacy.sent, `${text}; ${complaints}`)
  return text
}

/** Two rows about callers that never try again while something happens: what became of modern calls, and of legacy sessions. */
export async function judged(
  stage: Stage,
  fixture: ServerFixture,
  what: string,
  happens: () => Promise<void>,
): Promise<void> {
  let report: Report | undefined
  await stage.row(`${what}: no modern call is lost`, async () => {
    const run = await underLoad(stage, fixture, happens)
    report = run.report
    return `${judgeModern(report, run.seen)}; ${run.seconds.toFixed(0)} s`
  })
  const { legacy, ...rest } = report ?? {}
  if (legacy === undefined) return
  await stage.row(`${what}: legacy sessions end cleanly`, () =>
    Promise.resolve(judgeLegacy({ legacy, ...rest } as Report)),
  )
}
