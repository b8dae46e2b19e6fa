import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApiClient } from './client.ts'
import { Leader } from './leader.ts'
import { MetricsRegistry } from './metrics.ts'
import { observeLeader } from './observe.ts'
import type { ApiObject } from './resource.ts'
import { FakeApi, reply, widgets } from './testing/fake-api.ts'
import { ManualClock, until } from '../../hack/testing/manual-clock.ts'

type Candidate = {
  readonly leader: Leader
  readonly client: ApiClient
  readonly clock: ManualClock
  readonly stop: AbortController
  readonly done: Promise<void>
  readonly said: string[]
  losses: number
}

const path = '/apis/coordination.k8s.io/v1/namespaces/s/leases/l'
let api: FakeApi
let candidates: Candidate[]

/** A replica with a clock of its own: it can be frozen alone. */
function candidate(identity: string, clock = new ManualClock()): Candidate {
  const stop = new AbortController()
  let leader: Leader | undefined
  const client = new ApiClient({
    credentials: { server: `http://127.0.0.1:${api.port}` },
    clock,
    mayWrite: () => leader?.isLeader() === true,
  })
  const said: string[] = []
  const say = (event: string): void => void said.push(event)
  const made = { client, clock, stop, said, losses: 0 }
  leader = new Leader({
    client,
    namespace: 's',
    name: 'l',
    identity,
    clock,
    random: () => 0,
    log: { info: say, warn: say, error: say },
    lost: () => (self.losses += 1),
  })
  const self: Candidate = Object.assign(made, { leader, done: leader.run(stop.signal) })
  candidates.push(self)
  return self
}

const holder = (): unknown =>
  (api.objects.get(path)?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity
const spec = (): Record<string, unknown> => (api.objects.get(path) as ApiObject)['spec'] as Record<string, unknown>
const write = ({ client }: Candidate): Promise<unknown> =>
  client.apply(widgets, 'a', { metadata: { name: 'w' } }, { manager: 'm' })

beforeEach(async () => {
  api = await FakeApi.start()
  candidates = []
})
afterEach(async () => {
  for (const { stop } of candidates) stop.abort()
  await Promise.all(candidates.map(({ done }) => done))
  await Promise.all(candidates.map(({ client }) => client.close()))
  await api.kill()
})

describe('a leader', () => {
  test('makes the lease, and may write from then on', async () => {
    const a = candidate('a')
    await expect(write(a)).rejects.toThrow('may not write')
    await a.leader.elected()
    await write(a)
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 })
    expect(spec()['renewTime']).toMatch(/^2026-01-01T00:00:0\d\.\d{6}Z$/)
  })

  test('keeps the lease while it renews, and the other never gets it', async () => {
    const clock = new ManualClock()
    const a = candidate('a', clock)
    await a.leader.elected()
    const b = candidate('b', clock)
    await until(() => clock.now() > Date.UTC(2026, 0, 1, 0, 1), clock)
    expect([a.leader.isLeader(), b.leader.isLeader(), a.losses]).toEqual([true, false, 0])
  })

  test('may not write after the deadline, in the moment in which it wakes, and says that it has lost', async () => {
    const a = candidate('a')
    await a.leader.elected()
    api.fault = () => true
    a.clock.advance(9999)
    expect(a.leader.isLeader()).toBe(true)
    a.clock.advance(1)
    expect(a.leader.isLeader()).toBe(false)
    await expect(write(a)).rejects.toThrow('may not write')
    await until(() => a.losses === 1, a.clock)
    await a.done
  })

  test('may not write when the machine was suspended and only the clock on the wall went on', async () => {
    const a = candidate('a')
    await a.leader.elected()
    a.clock.setWall(11_000)
    expect(a.leader.isLeader()).toBe(false)
  })

  test('says so when it could renew only after the deadline, and nobody had taken the lease', async () => {
    const a = candidate('a')
    await a.leader.elected()
    expect(a.said).toEqual(['elected'])
    // It rests between two looks.
    await until(() => a.clock.pending.includes(2000))
    a.clock.setWall(11_000)
    expect(a.leader.isLeader()).toBe(false)
    await until(() => a.leader.isLeader(), a.clock)
    expect([a.said, a.losses]).toEqual([['elected', 'lease renewed late'], 0])
  })

  test('still counts when the clock on the wall is set back', async () => {
    const a = candidate('a')
    await a.leader.elected()
    api.fault = () => true
    a.clock.setWall(-3_600_000)
    a.clock.advance(10_000)
    expect(a.leader.isLeader()).toBe(false)
  })

  test('counts from when a renewal was sent, not from when its answer came', async () => {
    const a = candidate('a')
    await a.leader.elected()
    let late = (): void => {}
    api.fault = ({ method }, response) => {
      if (method !== 'PATCH') return false
      late = () => reply(response, 200, { metadata: {} })
      return true
    }
    const asked = api.count('PATCH')
    await until(() => api.count('PATCH') > asked, a.clock)
    a.clock.advance(4900)
    late()
    await until(() => a.clock.pending.length === 1 && a.clock.pending[0] === 2000)
    api.fault = () => true
    a.clock.advance(5200)
    expect(a.leader.isLeader()).toBe(false)
  })

  test('has lost when somebody else stands in the lease', async () => {
    const a = candidate('a')
    await a.leader.elected()
    const lease = api.objects.get(path) as ApiObject
    api.objects.set(path, {
      ...lease,
      metadata: { ...lease.metadata, resourceVersion: '9999' },
      spec: { ...spec(), holderIdentity: 'thief' },
    })
    await until(() => a.losses === 1, a.clock)
    expect([a.leader.isLeader(), holder()]).toEqual([false, 'thief'])
  })

  test('is told by its metric', async () => {
    const a = candidate('a')
    const metrics = new MetricsRegistry()
    observeLeader(metrics, 'l', a.leader)
    await a.leader.elected()
    expect(metrics.text()).toContain('leader_election_master_status{name="l"} 1')
  })
})

describe('a standby', () => {
  test('waits for as long as a lease lasts since it saw it change, whatever time stands in it', async () => {
    const a = candidate('a')
    await a.leader.elected()
    a.stop.abort()
    await a.done
    const clock = new ManualClock()
    clock.setWall(86_400_000)
    const b = candidate('b', clock)
    const began = clock.elapsed()
    await until(() => clock.elapsed() - began > 14_000, clock)
    expect(b.leader.isLeader()).toBe(false)
    await until(() => b.leader.isLeader(), clock)
    expect(clock.elapsed() - began).toBeGreaterThanOrEqual(15_000)
    expect(spec()['leaseTransitions']).toBe(1)
  })

  test('takes over from one that is frozen, which cannot write when it wakes', async () => {
    const a = candidate('a')
    await a.leader.elected()
    const b = candidate('b')
    await until(() => b.leader.isLeader(), b.clock)
    await write(b)
    // The frozen one has not lived through this time: now it all comes at once.
    a.clock.advance(20_000)
    await expect(write(a)).rejects.toThrow('may not write')
    await until(() => a.losses === 1, a.clock)
    expect([holder(), b.leader.isLeader()]).toEqual(['b', true])
  })

  test('begins to count anew when it could not look for a while', async () => {
    const a = candidate('a')
    await a.leader.elected()
    a.stop.abort()
    await a.done
    const b = candidate('b')
    await until(() => b.clock.pending.length > 0)
    api.fault = () => true
    const frozen = b.clock.elapsed()
    await until(() => b.clock.elapsed() - frozen > 40_000, b.clock)
    api.fault = () => false
    const thawed = b.clock.elapsed()
    await until(() => b.leader.isLeader(), b.clock)
    expect(b.clock.elapsed() - thawed).toBeGreaterThanOrEqual(10_000)
  })

  test('loses a race for a free lease without harm', async () => {
    const many = Array.from({ length: 5 }, (_, at) => candidate(`c${at}`))
    await until(() => many.some(({ leader }) => leader.isLeader()))
    await Promise.all(many.map(({ clock }) => until(() => clock.elapsed() > 1_010_000, clock)))
    expect(many.filter(({ leader }) => leader.isLeader())).toHaveLength(1)
  })
})

describe('a release', () => {
  test('lets the next one in at its next look', async () => {
    const a = candidate('a')
    await a.leader.elected()
    const b = candidate('b')
    await until(() => b.clock.pending.length > 0)
    a.stop.abort()
    await a.done
    await a.leader.release()
    expect([holder(), a.leader.isLeader(), a.losses]).toEqual(['', false, 0])
    await until(() => b.leader.isLeader(), b.clock)
    expect(b.clock.elapsed()).toBeLessThan(1_000_000 + 5000)
  })

  test('waits for the writes that are under way, and lets no new ones begin', async () => {
    const a = candidate('a')
    await a.leader.elected()
    let answer = (): void => {}
    api.fault = ({ path }, response) => {
      if (!path.endsWith('/w')) return false
      answer = () => reply(response, 200, { metadata: { name: 'w' } })
      return true
    }
    const slow = write(a)
    await until(() => api.asked.some(({ path }) => path.endsWith('/w')))
    a.stop.abort()
    await a.done
    const released = a.leader.release()
    await expect(write(a)).rejects.toThrow('may not write')
    expect(holder()).toBe('a')
    answer()
    await Promise.all([slow, released])
    expect(holder()).toBe('')
  })

  test('does not touch the lease of another', async () => {
    const a = candidate('a')
    await a.leader.elected()
    a.stop.abort()
    await a.done
    const lease = api.objects.get(path) as ApiObject
    api.objects.set(path, { ...lease, spec: { ...spec(), holderIdentity: 'b' } })
    await a.leader.release()
    expect(holder()).toBe('b')
  })
})
