import { availableParallelism, loadavg } from 'node:os'
import { gateway, key, policy, server } from '../manifests.ts'
import { startProbe, type Probe, type Target } from '../probe.ts'
import { podsOf, untilReady, withServer, type ServerFixture } from '../server-fixture.ts'
import { demand, type Point, type Stage } from '../stage.ts'

const space = 'e2e-revocation'
const bound = 1500

/** The calls that are held last longer than a try. */
const patient = { timeouts: { request: '70s' } }

/** How busy the machine was that ran callers and, with the local node, the cluster: times depend on it. */
const load = (): string => ` (load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores)`

const milliseconds = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return `${values.length} times: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, slowest ${at(1)} ms${load()}`
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

/** The gateways of servers, each pod by itself. */
async function targetsOf(stage: Stage, names: readonly string[]): Promise<readonly Target[]> {
  const targets: Target[] = []
  for (const name of names) {
    for (const pod of await podsOf(stage, space, name)) {
      const address = await stage.kubectl.ok(['get', 'pod', '-n', space, pod, '-o', 'jsonpath={.status.podIP}'])
      targets.push({ address: `${address}:18080`, host: `mcp-${name}.${space}.svc:8080`, server: name })
    }
  }
  return targets
}

async function revoke({ kubectl }: Stage, revoked: boolean): Promise<number> {
  const began = Date.now() // kubectl's own start counts: it is what a person waits for
  await kubectl.ok(['patch', 'apikey', '-n', space, 'ann', '--type=merge', '-p', JSON.stringify({ spec: { revoked } })])
  return began
}

type Times = { readonly kubectl: number[]; readonly refused: number[]; readonly ended: number[] }

/** Revokes and lets in again, so many times: how long until the last gateway refused, and until the last stream and call had ended. */
async function tries(stage: Stage, probe: Probe, times: number, pause: number): Promise<Times> {
  const found: Times = { kubectl: [], refused: [], ended: [] }
  await probe.all(true, 0)
  for (let number = 0; number < times; number++) {
    await new Promise(resolve => setTimeout(resolve, pause))
    const began = await revoke(stage, true)
    found.kubectl.push(Date.now() - began)
    found.refused.push(Math.max(...(await probe.all(false, began))) - began)
    found.ended.push(Math.max(...(await probe.ends(began))) - began)
    await probe.all(true, await revoke(stage, false))
  }
  return found
}

async function measured(stage: Stage, fixture: ServerFixture, names: readonly string[], times: number): Promise<Times> {
  const targets = await targetsOf(stage, names)
  // A stream that ends makes the probe ask at once, so asking often would only keep thirty gateways and servers busy.
  const isOne = targets.length === 1
  const interval = isOne ? 20 : 1000
  // Long enough that streams and calls are under way, and that the one before has been dealt with, statuses and all.
  const pause = isOne ? 300 : 5000
  const probe = startProbe(stage.cluster, { namespace: space, pod: 'caller', key: fixture.key, interval }, targets)
  try {
    return await tries(stage, probe, times, pause)
  } finally {
    probe.stop()
  }
}

function within(values: readonly number[], share: number): string {
  const text = milliseconds(values)
  demand(quantile(values, share) <= bound, `${text}; at most ${bound} ms`)
  return text
}

/**
 * A policy that compiled once and is broken now. A no-break space is a word for the API server, whose expressions know white space of ASCII alone,
 * and none for the guard.
 */
async function breakPolicy({ kubectl }: Stage): Promise<void> {
  await kubectl.apply(policy(space, 'words', { servers: ['*'], input: { forbiddenKeywords: ['forbidden'] } }))
  await kubectl.ok(['wait', '-n', space, 'guardrailpolicy/words', '--for=condition=Accepted', '--timeout=30s'])
  await kubectl.apply(policy(space, 'words', { servers: ['*'], input: { forbiddenKeywords: ['\u00a0'] } }))
  await kubectl.ok(['wait', '-n', space, 'guardrailpolicy/words', '--for=condition=Accepted=false', '--timeout=30s'])
}

async function stillBlocks(fixture: ServerFixture): Promise<string> {
  const { error, result } = await fixture.call('echo', { text: 'this is forbidden' })
  demand(
    error !== undefined || JSON.stringify(result).includes('isError'),
    `it came through: ${JSON.stringify(result)}`,
  )
  return error ?? JSON.stringify(result).slice(0, 80)
}

async function many(stage: Stage, fixture: ServerFixture): Promise<void> {
  const names = Array.from({ length: 10 }, (_, at) => `many-${at}`)
  await stage.kubectl.apply(
    [gateway(space), ...names.map(name => server(space, name, { replicas: 3, ...patient }))].join('\n'),
  )
  await stage.kubectl.apply(key(space, 'ann', ['one', ...names]))
  for (const name of names) await untilReady(stage, space, name, 300_000)
  let times: Times | undefined
  await stage.row('10 servers with 3 replicas: until the last gateway refuses, slowest of 10', async () => {
    times = await measured(stage, fixture, names, 10)
    return within(times.refused, 1)
  })
  await stage.row('and until all streams and calls have ended', () => Promise.resolve(within(times?.ended ?? [], 1)))
}

/** From the change of the key to the refusal, with a policy in the namespace that cannot compile. */
export const revocation: Point = {
  id: '2',
  title: 'Revocation',
  short: true,
  demo: true,
  async run(stage) {
    await withServer(stage, space, { server: patient }, async fixture => {
      await breakPolicy(stage)
      let times: Times | undefined
      await stage.row('one pod: from the start of kubectl to the refusal', async () => {
        times = await measured(stage, fixture, ['one'], stage.full ? 200 : 10)
        return `${within(times.refused, 0.99)}; kubectl itself: ${milliseconds(times.kubectl)}`
      })
      await stage.row('open streams and running calls end, too', () =>
        Promise.resolve(within(times?.ended ?? [], 0.99)),
      )
      await stage.row('the broken policy blocks as its last version did', () => stillBlocks(fixture))
      await stage.row('and a new replica starts with it', async () => {
        await stage.kubectl.ok(['scale', '-n', space, 'mcpserver/one', '--replicas=2'])
        await stage.kubectl.ok(['rollout', 'status', '-n', space, 'deployment/mcp-one', '--timeout=60s'])
        return 'it is ready'
      })
      if (stage.full) await many(stage, fixture)
    })
  },
}
