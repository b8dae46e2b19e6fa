import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApiClient } from './client.ts'
import { Reflector } from './reflector.ts'
import type { ApiObject, NamespacedName } from './resource.ts'
import { FakeApi, refuse, widgets, type ApiCall } from './testing/fake-api.ts'
import { ManualClock, until } from '../../hack/testing/manual-clock.ts'

let api: FakeApi
let clock: ManualClock
let client: ApiClient
let reflector: Reflector
let stop: AbortController
let running: Promise<void>
const seen: string[] = []

const isWatch = ({ query }: ApiCall): boolean => query.has('watch')
const isList = (asked: ApiCall): boolean => !isWatch(asked)

function tell({ name }: NamespacedName, before?: ApiObject, after?: ApiObject): void {
  seen.push(`${after === undefined ? 'gone' : before === undefined ? 'new' : 'changed'} ${name}`)
}

function start(): void {
  running = reflector.run(stop.signal)
}

/** Listed, and the first watch is open. */
async function watching(): Promise<void> {
  start()
  await until(() => reflector.synced && api.watches.size === 1, clock)
}

beforeEach(async () => {
  api = await FakeApi.start()
  clock = new ManualClock()
  client = new ApiClient({ credentials: { server: `http://127.0.0.1:${api.port}` }, clock })
  stop = new AbortController()
  seen.length = 0
  reflector = new Reflector({ client, resource: widgets, clock, random: () => 0.5, onChange: tell })
})

afterEach(async () => {
  stop.abort()
  await running
  await client.close()
  await api.kill()
})

describe('a reflector', () => {
  test('tells what is there, what comes, what changes and what goes', async () => {
    api.put('a')
    await watching()
    api.put('b')
    api.put('a', { spec: { size: 2 } })
    api.remove('b')
    await until(() => seen.length === 4)
    expect(seen).toEqual(['new a', 'new b', 'changed a', 'gone b'])
    expect(reflector.store.get('a', 'a')?.['spec']).toEqual({ size: 2 })
    expect(reflector.store.list('a')).toHaveLength(1)
  })

  test('keeps no managedFields and gives every object its kind', async () => {
    api.put('a')
    await watching()
    api.put('b')
    await until(() => seen.length === 2)
    for (const object of reflector.store.list()) {
      expect(object.metadata.managedFields).toBeUndefined()
      expect([object.apiVersion, object.kind]).toEqual(['test.dev/v1', 'Widget'])
    }
  })

  test('reads a long list page by page', async () => {
    for (let at = 0; at < 1200; at++) api.put(`w${at}`)
    await watching()
    expect(reflector.store.size).toBe(1200)
    expect(api.lists).toBe(3)
  })

  test('shows nothing of a list of which a page is missing', async () => {
    for (let at = 0; at < 600; at++) api.put(`w${at}`)
    api.fault = (asked, response) => {
      if (!asked.query.has('continue') || api.lists > 2) return false
      refuse(response, 410, 'Expired')
      return true
    }
    start()
    await until(() => api.lists === 2)
    expect([reflector.synced, seen.length]).toEqual([false, 0])
    await until(() => reflector.synced, clock)
    expect([reflector.store.size, seen.length]).toEqual([600, 600])
  })

  test('comes back to its version after a reset, without listing again', async () => {
    await watching()
    const before = reflector.store.version
    api.reset()
    await until(() => api.watches.size === 0)
    api.put('missed', {}, true)
    await until(() => api.watches.size === 1, clock)
    expect(api.asked.findLast(isWatch)?.query.get('resourceVersion')).toBe(before)
    expect(api.lists).toBe(1)
  })

  test('survives a server that is gone and comes back on the same port', async () => {
    await watching()
    const { port } = api
    await api.kill()
    await until(() => reflector.age > 60_000, clock, 1000)
    await api.listen(port)
    await until(() => api.watches.size === 1, clock)
    api.put('after')
    await until(() => seen.length === 1)
    expect(seen).toEqual(['new after'])
  })

  test('drops a line that was cut, and gets it again', async () => {
    await watching()
    const [watch] = api.watches
    const object = api.put('a', {}, true)
    const line = JSON.stringify({ type: 'ADDED', object })
    watch?.write(line.slice(0, 40))
    watch?.end()
    await until(() => api.watches.size === 1 && api.count('GET', { watch: 'true' }) === 2, clock)
    expect(seen).toEqual([])
    api.say({ type: 'ADDED', object })
    await until(() => seen.length === 1)
    expect(seen).toEqual(['new a'])
  })

  test('puts together lines and characters that were split over chunks', async () => {
    await watching()
    const [watch] = api.watches
    const text = 'Größe 🏰 naïve'
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: api.put('a', { text }, true) })}\n`)
    for (const byte of bytes) {
      watch?.write(Buffer.from([byte]))
      await new Promise(resolve => setImmediate(resolve))
    }
    await until(() => seen.length === 1)
    expect(reflector.store.get('a', 'a')?.['text']).toBe(text)
  })

  test.each<[string, (asked: ApiCall, response: ServerResponse) => void]>([
    ['as an HTTP status', (_, response) => refuse(response, 410, 'Expired')],
    [
      'as an ERROR event',
      (_, response) => response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410 } })}\n`),
    ],
  ])('lists again after a 410 %s, and finds the deletion that it missed', async (_, gone) => {
    api.put('stays')
    api.put('goes')
    await watching()
    let faults = 0
    api.fault = (asked, response) => {
      if (!isWatch(asked) || faults > 0) return false
      faults += 1
      gone(asked, response)
      return true
    }
    api.remove('goes', true)
    api.reset()
    await until(() => seen.length === 3, clock)
    expect(seen).toEqual(['new stays', 'new goes', 'gone goes'])
    expect(api.lists).toBe(2)
  })

  test('takes a replay for what it is', async () => {
    const object = api.put('a')
    await watching()
    api.say({ type: 'ADDED', object })
    api.put('b')
    await until(() => seen.length === 2)
    expect(seen).toEqual(['new a', 'new b'])
  })

  test('waits as long as a 429 asks', async () => {
    api.fault = (_, response) => {
      refuse(response, 429, 'TooManyRequests', { 'retry-after': '77' })
      return true
    }
    start()
    await until(() => clock.pending.includes(77_000))
    clock.advance(76_000)
    expect(api.lists).toBe(1)
    api.fault = () => false
    await until(() => reflector.synced, clock, 500)
    expect(api.lists).toBe(2)
  })

  test('waits longer and longer for a list that is refused, up to half a minute, and never gives up', async () => {
    api.fault = (_, response) => {
      refuse(response, 503, 'ServiceUnavailable')
      return true
    }
    start()
    const waits: number[] = []
    for (let at = 1; at <= 8; at++) {
      await until(() => api.lists === at && clock.pending.length === 1 && clock.pending[0] !== 60_000)
      waits.push(clock.pending[0] ?? 0)
      clock.advance(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([1200, 2400, 4800, 9600, 19_200, 22_500, 22_500, 22_500])
    api.fault = () => false
    await until(() => reflector.synced, clock, 1000)
    expect(reflector.synced).toBe(true)
  })

  test('gives up a list that hangs, and asks again', async () => {
    api.fault = asked => isList(asked)
    start()
    await until(() => api.lists === 1 && clock.pending.includes(60_000))
    clock.advance(60_000)
    api.fault = () => false
    await until(() => reflector.synced, clock)
    expect(api.lists).toBe(2)
  })

  test.each([
    ['has opened and says nothing', false],
    ['does not even answer', true],
  ])('gives up a watch that %s', async (_, isMute) => {
    api.fault = asked => isMute && isWatch(asked)
    start()
    await until(() => api.count('GET', { watch: 'true' }) === 1 && reflector.synced)
    await until(() => clock.pending.includes(150_000))
    clock.advance(150_000)
    api.fault = () => false
    await until(() => api.watches.size === 1 && api.count('GET', { watch: 'true' }) === 2, clock)
    expect(api.lists).toBe(1)
  })

  test('takes bookmarks as signs of life and as versions', async () => {
    await watching()
    for (let at = 0; at < 3; at++) {
      clock.advance(100_000)
      const before = reflector.store.version
      api.bookmark()
      await until(() => reflector.store.version !== before)
      expect(reflector.age).toBe(0)
    }
    expect(api.count('GET', { watch: 'true' })).toBe(1)
  })

  test('does not storm a server that ends every watch at once', async () => {
    api.fault = (asked, response) => {
      if (!isWatch(asked)) return false
      response.writeHead(200).end()
      return true
    }
    start()
    await until(() => clock.pending.includes(1200))
    expect(api.count('GET', { watch: 'true' })).toBe(1)
  })

  test('lists again when a version brings nothing but failures', async () => {
    await watching()
    const bad = reflector.store.version
    api.fault = (asked, response) => {
      if (!isWatch(asked) || asked.query.get('resourceVersion') !== bad) return false
      refuse(response, 504, 'Timeout')
      return true
    }
    api.put('a', {}, true)
    api.reset()
    await until(() => seen.length === 1 && api.watches.size === 1, clock, 500)
    expect(api.lists).toBe(2)
  })

  test('goes on when its listener throws', async () => {
    const told: string[] = []
    reflector = new Reflector({
      client,
      resource: widgets,
      clock,
      onChange({ name }) {
        told.push(name)
        throw new Error('listener')
      },
    })
    await watching()
    api.put('a')
    api.put('b')
    await until(() => told.length === 2)
    expect(reflector.store.size).toBe(2)
  })

  test('knows whether the answer of a write has arrived', async () => {
    await watching()
    const version = api.put('a', {}, true).metadata.resourceVersion ?? ''
    expect(reflector.store.hasSeen(version)).toBe(false)
    api.put('a')
    await until(() => reflector.store.hasSeen(version))
    expect(reflector.store.hasSeen(`${version}0`)).toBe(false)
  })

  test.each<[string, () => Promise<unknown>]>([
    ['a watch is open', () => watching()],
    [
      'a list hangs',
      () => {
        api.fault = () => true
        start()
        return until(() => api.lists === 1)
      },
    ],
    [
      'it waits to try again',
      () => {
        api.fault = (_, response) => (refuse(response, 500, 'InternalError'), true)
        start()
        return until(() => clock.pending.includes(1200))
      },
    ],
  ])('asks nothing more and holds nothing open after its stop while %s', async (_, brought) => {
    await brought()
    stop.abort()
    await running
    const asked = api.asked.length
    clock.advance(3_600_000)
    await until(() => api.watches.size === 0)
    api.put('late')
    await new Promise(resolve => setImmediate(resolve))
    expect(api.asked).toHaveLength(asked)
    expect(seen).toEqual([])
    expect(clock.pending).toEqual([])
  })
})
