import type { ServerResponse } from 'node:http'
import { scriptedUpstream, type Respond, type ScriptedUpstream } from '../../hack/testing/scripted-upstream.ts'
import { afterAll, expect, test } from 'vitest'
import { podPorts } from '../../gateway/config/ports.ts'
import { signReport } from '../../gateway/config/report.ts'
import type { PlanStore } from '../plan/plan-store.ts'
import { newServerState, type ServerState } from '../plan/server-state.ts'
import type { ApiClient } from '../kit/client.ts'
import { ManualClock } from '../../hack/testing/manual-clock.ts'
import { Observations } from '../plan/observations.ts'
import { GatewayObserver } from './observer.ts'
import type { SnapshotSources } from '../plan/snapshot.ts'

const status = Buffer.from('s')
const listening: ScriptedUpstream[] = []
afterAll(() => Promise.all(listening.map(one => one.stop())))

/** Handshakes that wait for their answer, and the most that did at once. */
const open = new Set<ServerResponse>()
let most = 0

/** The gateway of a pod: it reports what it runs, and says nothing to MCP until it is let go. */
async function gateway(ip: string, uid: string): Promise<void> {
  const report: Respond = ({ headers }, res) => {
    const applied = { ok: true, keys: true, issues: [] }
    const nonce = String(headers['x-bartizan-nonce'])
    const said = { schema: 1, hash: 'h', keysHash: 'k', instance: uid, phase: 'serving' as const, openCalls: 0 }
    res.end(signReport({ ...said, applied, servers: {}, nonce }, status))
  }
  const mcp: Respond = (_, res) => {
    open.add(res)
    most = Math.max(most, open.size)
  }
  listening.push(
    await scriptedUpstream(report, { host: ip, port: podPorts.admin }),
    await scriptedUpstream(mcp, { host: ip, port: podPorts.client }),
  )
}

test('servers of one namespace have four handshakes at once between them, and three each; the others come again', async () => {
  const pods = new Map<string, object[]>()
  for (const [at, server] of ['one', 'two', 'three'].entries()) {
    const all = [1, 2, 3, 4, 5].map(pod => ({ uid: `${server}-${pod}`, ip: `127.80.${at + 1}.${pod}` }))
    await Promise.all(all.map(({ ip, uid }) => gateway(ip, uid)))
    const conditions = [{ type: 'Ready', status: 'True' }]
    pods.set(
      server,
      all.map(({ uid, ip }) => ({ metadata: { namespace: 'a', name: uid, uid }, status: { podIP: ip, conditions } })),
    )
  }
  const servers = new Map<string, ServerState>()
  for (const name of pods.keys()) {
    const state = newServerState({ metadata: { namespace: 'a', name, uid: `u-${name}` } })
    state.hash = 'h'
    servers.set(state.key, state)
  }
  const observations = new Observations()
  const sources = {
    observations,
    caches: { podsOf: (_: string, server: string) => pods.get(server) },
    guards: { keys: () => ({ operator: 'o', drain: 'd', status }), expire: () => undefined },
  } as unknown as SnapshotSources
  const plans = { server: (key: string) => servers.get(key) } as unknown as PlanStore
  const client = {} as unknown as ApiClient
  const observer = new GatewayObserver({
    client,
    clock: new ManualClock(),
    sources,
    plans,
    enqueueNamespace: () => undefined,
  })
  const { signal } = new AbortController()
  const [one, two, three] = [...servers.keys()].map(key => () => observer.observe(key, signal))
  const [first, second] = [one!(), two!()]
  await expect.poll(() => open.size).toBe(4)
  const waits = [await three!(), await three!(), await three!(), await three!(), await three!()]
  expect(waits).toEqual([250, 500, 1000, 2000, 2000].map(requeueAfter => ({ requeueAfter })))
  expect(most).toBe(4)
  const letGo = setInterval(() => {
    for (const res of open) res.writeHead(500).end()
    open.clear()
  }, 10)
  const results = await Promise.all([first, second])
  expect(results).toContainEqual({ requeueAfter: 250 })
  expect(await three!()).toEqual({ requeueAfter: 1000 })
  clearInterval(letGo)
  expect([...servers.keys()].map(key => observations.of(key).handshakes.size)).toContain(5)
  expect(most).toBe(4)
})
