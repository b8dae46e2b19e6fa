import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ResourceKind } from '../resource-kind.ts'
import { Registry } from './registry.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

type Thing = { readonly name: string; started: number; closed: number }

const grace = 300_000

/** A registry, two kinds, and everything that was ever made for it. */
function world(closing: (thing: Thing) => void | Promise<void> = () => undefined) {
  const logged: [event: string, fields?: Record<string, unknown>][] = []
  const say = (event: string, fields?: Record<string, unknown>): void => void logged.push([event, fields ?? {}])
  const registry = new Registry({ info: say, warn: say, error: say })
  const made: Thing[] = []
  const ends: string[] = []
  const kind = (name: string, more: Partial<ResourceKind<Thing>> = {}): ResourceKind<Thing> => ({
    name,
    start: thing => void (thing.started += 1),
    close(thing) {
      thing.closed += 1
      ends.push(thing.name)
      return closing(thing)
    },
    ...more,
  })
  const pools = kind('pool', { grace })
  const probes = kind('probe')
  const use = (of: ResourceKind<Thing>, owner: string, fingerprint: string, fails = false): Thing =>
    registry.use(of, { owner, fingerprint }, () => {
      if (fails) throw new Error('cannot be made')
      const thing = { name: `${of.name} ${owner} ${fingerprint}`, started: 0, closed: 0 }
      made.push(thing)
      return thing
    })
  /** Commits a configuration of one server, or of none. */
  const commit = (fingerprint?: string): readonly Thing[] => {
    registry.begin()
    const used = fingerprint === undefined ? [] : [use(pools, 'one', fingerprint), use(probes, 'one', fingerprint)]
    registry.commit()
    return used
  }
  return { registry, pools, probes, kind, use, commit, made, ends, logged }
}

describe('a commit', () => {
  test('starts what is new, once, and gives back what is the same', () => {
    const { commit } = world()
    const [pool, probe] = commit('a')
    const [samePool, sameProbe] = commit('a')
    expect([samePool === pool, sameProbe === probe]).toEqual([true, true])
    expect([pool, probe]).toMatchObject([
      { started: 1, closed: 0 },
      { started: 1, closed: 0 },
    ])
  })

  test('closes what nothing uses any more: at once, or after the grace of its kind', () => {
    const { commit, ends } = world()
    commit('a')
    commit('b')
    expect(ends).toEqual(['probe one a'])
    vi.advanceTimersByTime(grace - 1)
    expect(ends).toEqual(['probe one a'])
    vi.advanceTimersByTime(1)
    expect(ends).toEqual(['probe one a', 'pool one a'])
  })

  test('takes back what is about to close, and does not start it anew', () => {
    const { commit, ends } = world()
    const [pool] = commit('a')
    commit('b')
    vi.advanceTimersByTime(grace / 2)
    expect(commit('a')[0]).toBe(pool)
    vi.advanceTimersByTime(grace)
    expect(pool).toMatchObject({ started: 1, closed: 0 })
    expect(ends).toEqual(['probe one a', 'probe one b', 'pool one b'])
  })

  test('closes what was made of others before those', () => {
    const { commit, registry, pools, ends } = world()
    commit('a')
    registry.begin()
    registry.stop('one')
    registry.commit()
    expect([ends, pools.grace]).toEqual([['probe one a', 'pool one a'], grace])
  })

  test('of a server that was stopped closes at once what it left earlier, and nothing of another', () => {
    const { registry, pools, use, ends } = world()
    registry.begin()
    use(pools, 'one', 'a')
    use(pools, 'two', 'a')
    registry.commit()
    registry.begin()
    registry.commit()
    expect(ends).toEqual([])
    registry.begin()
    registry.stop('one')
    registry.commit()
    expect(ends).toEqual(['pool one a'])
  })

  test('of some kinds leaves those of others as they are', () => {
    const { registry, commit, probes, ends } = world()
    const [pool] = commit('a')
    registry.begin([probes])
    registry.commit()
    expect(ends).toEqual(['probe one a'])
    expect(commit('a')[0]).toBe(pool)
  })
})

describe('a rollback', () => {
  test('closes what was made for the change alone, which was never started', () => {
    const { registry, pools, probes, use, commit, made, ends } = world()
    const before = commit('a')
    registry.begin()
    use(pools, 'one', 'a')
    use(pools, 'one', 'b')
    use(probes, 'one', 'b')
    registry.rollback()
    expect(ends).toEqual(['probe one b', 'pool one b'])
    expect(made.slice(2).map(({ started }) => started)).toEqual([0, 0])
    expect([commit('a'), made.length]).toEqual([before, 4])
  })

  test('after a part could not be made loses nothing that was made before it', () => {
    const { registry, pools, probes, use, commit, ends } = world()
    commit('a')
    registry.begin()
    use(pools, 'one', 'b')
    expect(() => use(probes, 'one', 'b', true)).toThrow('cannot be made')
    registry.rollback()
    expect(ends).toEqual(['pool one b'])
    registry.begin()
    expect(use(probes, 'one', 'b').closed).toBe(0)
    registry.rollback()
  })

  test('leaves what was about to close to its time, asked for or not', () => {
    const { registry, pools, use, commit, ends } = world()
    commit('a')
    commit('b')
    vi.advanceTimersByTime(grace - 1)
    registry.begin()
    use(pools, 'one', 'a')
    registry.rollback()
    vi.advanceTimersByTime(1)
    expect(ends).toEqual(['probe one a', 'pool one a'])
  })
})

describe('the end', () => {
  test('closes what is in use and what was about to close, each once', async () => {
    const { registry, commit, made } = world()
    commit('a')
    commit('b')
    await registry.close()
    await registry.close()
    vi.advanceTimersByTime(2 * grace)
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1, 1])
    expect(() => registry.begin()).toThrow('the gateway is shutting down')
  })

  test('waits for what is closing', async () => {
    let closed: () => void = () => undefined
    const { registry, commit } = world(thing =>
      thing.name === 'pool one a' ? new Promise(resolve => (closed = resolve)) : undefined,
    )
    commit('a')
    commit()
    vi.advanceTimersByTime(grace)
    let isOver = false
    const ending = registry.close().then(() => (isOver = true))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(isOver).toBe(false)
    closed()
    await ending
  })

  test('does not wait without end, and the log names what hangs', async () => {
    const { registry, commit, logged } = world(({ name }) =>
      name.startsWith('pool') ? new Promise<void>(() => undefined) : undefined,
    )
    commit('a')
    const ending = registry.close()
    await vi.advanceTimersByTimeAsync(10_000)
    await ending
    expect(logged).toEqual([['a resource does not close', { kind: 'pool', owner: 'one' }]])
  })
})

describe('a resource that fails', () => {
  test.each([
    ['throws', () => void JSON.parse('{')],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('to close since it %s is logged and keeps no other from closing', async (_, fail) => {
    const { registry, commit, made, logged } = world(({ name }) => (name.startsWith('probe') ? fail() : undefined))
    commit('a')
    commit()
    await registry.close()
    expect(made.map(({ closed }) => closed)).toEqual([1, 1])
    expect(logged).toMatchObject([['a resource did not close', { kind: 'probe', owner: 'one' }]])
  })

  test('to start is logged and keeps no other from starting', () => {
    const { registry, kind, pools, use, logged } = world()
    const broken = kind('broken', {
      start() {
        throw new Error('no')
      },
    })
    registry.begin()
    use(broken, 'one', 'a')
    const pool = use(pools, 'one', 'a')
    registry.commit()
    expect(pool.started).toBe(1)
    expect(logged).toEqual([['a resource did not start', { kind: 'broken', owner: 'one', error: 'Error: no' }]])
  })
})

test('changes do not overlap, and nothing is asked for outside of one', () => {
  const { registry, pools, use } = world()
  expect(() => use(pools, 'one', 'a')).toThrow('no change of configuration has begun')
  registry.begin()
  expect(() => registry.begin()).toThrow('another change of configuration is not over')
  registry.commit()
  expect(() => registry.rollback()).toThrow('no change of configuration has begun')
})

test('a storm of a thousand different configurations leaves eight unused pools open, the newest', () => {
  const { commit, made, ends } = world()
  for (let at = 0; at < 1_000; at += 1) commit(String(at))
  const open = made.filter(({ closed }) => closed === 0).map(({ name }) => name)
  expect(open).toHaveLength(8 + 2)
  expect(open[0]).toBe('pool one 991')
  expect(ends).toHaveLength(2_000 - 10)
})

test('of each of three thousand owners eight unused pools stay open, however many leave at once', () => {
  const { registry, pools, use, made } = world()
  const owners = Array.from({ length: 3_000 }, (_, at) => `server ${at}`)
  for (let change = 0; change < 10; change += 1) {
    registry.begin()
    for (const owner of owners) use(pools, owner, String(change))
    registry.commit()
  }
  const open = made.filter(({ closed }) => closed === 0).map(({ name }) => name)
  expect(open).toHaveLength(3_000 * 9)
  expect(open.slice(0, 2)).toEqual(['pool server 0 1', 'pool server 1 1'])
})

const request = fc.record({
  kind: fc.constantFrom('pool' as const, 'probe' as const),
  owner: fc.constantFrom('one', 'two'),
  fingerprint: fc.constantFrom('a', 'b', 'c'),
})
const step = fc.oneof(
  fc.record({
    change: fc.array(request, { maxLength: 5 }),
    stops: fc.subarray(['one', 'two']),
    only: fc.constantFrom(undefined, 'pool' as const, 'probe' as const),
    fails: fc.boolean(),
    isCommitted: fc.boolean(),
  }),
  fc.record({ passes: fc.constantFrom(1, grace / 2, grace) }),
)

const didThrow = (act: () => unknown): boolean => {
  try {
    act()
    return false
  } catch {
    return true
  }
}

test('property: whatever happens, nothing in use is closed, and in the end everything was closed once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
      const { registry, pools, probes, use, made } = world()
      const kinds = { pool: pools, probe: probes }
      let inUse: { readonly kind: string; readonly thing: Thing }[] = []
      for (const one of steps) {
        if ('passes' in one) vi.advanceTimersByTime(one.passes)
        else {
          const { change, stops, only, fails, isCommitted } = one
          registry.begin(only && [kinds[only]])
          const asked = change.filter(({ kind }) => only === undefined || kind === only)
          const used = asked.map(({ kind, owner, fingerprint }) => ({
            kind,
            thing: use(kinds[kind], owner, fingerprint),
          }))
          for (const owner of stops) registry.stop(owner)
          const didFail = fails && didThrow(() => use(pools, 'one', 'never', true))
          if (isCommitted && !didFail) {
            registry.commit()
            inUse = [...inUse.filter(({ kind }) => only !== undefined && kind !== only), ...used]
          } else registry.rollback()
        }
        expect(inUse.filter(({ thing }) => thing.closed > 0 || thing.started !== 1)).toEqual([])
        const unused = made.filter(thing => thing.closed === 0 && !inUse.some(other => other.thing === thing))
        expect(unused.filter(({ name }) => name.startsWith('probe'))).toEqual([])
        expect(unused.length).toBeLessThanOrEqual(2 * 8)
      }
      await registry.close()
      expect(made.filter(({ started, closed }) => closed !== 1 || started > 1)).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
    }),
  )
})
