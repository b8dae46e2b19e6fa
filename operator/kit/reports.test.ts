import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client } from './client.ts'
import { mergeConditions, type Condition } from './conditions.ts'
import { Recorder, type Happened } from './events.ts'
import { checkPage, metricsPage, serve, silentReflectors, unsyncedReflectors, type Served } from './health.ts'
import { Metrics } from './metrics.ts'
import { observeLoop, observeReflectors } from './observe.ts'
import { Reflector } from './reflector.ts'
import { FakeApi, refuse, widgets } from './testing/fake-api.ts'
import { ManualClock, until } from './testing/manual-clock.ts'

describe('conditions', () => {
  const old: Condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Works',
    message: 'all well',
    observedGeneration: 1,
    lastTransitionTime: '2025-01-01T00:00:00Z',
  }
  const now = Date.UTC(2026, 0, 1)

  test('keep their time while the status stays, whatever else changes', () => {
    const after = { type: 'Ready', status: 'True', reason: 'Other', message: 'still', observedGeneration: 2 } as const
    expect(mergeConditions([old], [after], now)).toEqual([{ ...after, lastTransitionTime: old.lastTransitionTime }])
  })

  test('get the time at which they flip or come, and go when nobody says them', () => {
    const flipped = { type: 'Ready', status: 'False', reason: 'Broken', message: 'no' } as const
    const came = { type: 'Accepted', status: 'True', reason: 'Valid', message: '' } as const
    const time = { lastTransitionTime: '2026-01-01T00:00:00Z' }
    expect(mergeConditions([old, { ...old, type: 'Gone' }], [flipped, came], now)).toEqual([
      { ...flipped, ...time },
      { ...came, ...time },
    ])
  })
})

describe('with an API server', () => {
  let api: FakeApi
  let clock: ManualClock
  let client: Client

  beforeEach(async () => {
    api = await FakeApi.start()
    clock = new ManualClock()
    client = new Client({ credentials: { server: `http://127.0.0.1:${api.port}` }, clock })
  })
  afterEach(async () => {
    await client.close()
    await api.kill()
  })

  describe('events', () => {
    const regarding = { apiVersion: 'test.dev/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'a', uid: 'u' } }
    const happened: Happened = { regarding, type: 'Normal', reason: 'Made', action: 'Make', note: 'Made it' }
    const recorder = (): Recorder => new Recorder({ client, controller: 'bartizan.io/operator', instance: 'i', clock })

    test('are written once, and repetitions counted, at most once a minute', async () => {
      const events = recorder()
      for (let at = 0; at < 100; at++) {
        events.record(happened)
        await client.settled()
      }
      expect([api.count('POST'), api.count('PATCH')]).toEqual([1, 1])
      clock.advance(60_000)
      events.record(happened)
      await client.settled()
      expect(api.asked.at(-1)?.body).toEqual({
        series: { count: 101, lastObservedTime: '2026-01-01T00:01:00.000000Z' },
      })
      expect(api.asked[0]?.body).toMatchObject({
        reportingController: 'bartizan.io/operator',
        reason: 'Made',
        regarding: { uid: 'u' },
      })
    })

    test('about one object are cut after 25, and come back one in five minutes', async () => {
      const events = recorder()
      for (let at = 0; at < 100; at++) events.record({ ...happened, note: `Made ${at}` })
      const other = { ...regarding, metadata: { ...regarding.metadata, uid: 'other' } }
      events.record({ ...happened, regarding: other })
      await until(() => api.count('POST') === 26)
      clock.advance(300_000)
      for (let at = 100; at < 110; at++) events.record({ ...happened, note: `Made ${at}` })
      await client.settled()
      expect(api.count('POST')).toBe(27)
    })

    test('that cannot be written harm nobody', async () => {
      const said: string[] = []
      const log = { info() {}, error() {}, warn: (event: string) => void said.push(event) }
      api.fault = (_, response) => (refuse(response, 403, 'Forbidden'), true)
      new Recorder({ client, controller: 'c', instance: 'i', clock, log }).record(happened)
      await until(() => said.length === 1)
      expect(said).toEqual(['event not written'])
    })
  })

  test('answers and failures are counted', async () => {
    const metrics = new Metrics()
    const counted = new Client({
      credentials: { server: `http://127.0.0.1:${api.port}` },
      answered: (method, status) => metrics.add('requests_total', 'Requests.', { method, code: String(status) }),
    })
    api.fault = (_, response) => (refuse(response, 503, 'ServiceUnavailable'), true)
    const stop = new AbortController()
    const failed = (verb: string): void => metrics.add(`${verb}_failures_total`, 'Failures.', {})
    const running = new Reflector({ client: counted, resource: widgets, clock, failed, onChange() {} }).run(stop.signal)
    await until(() => metrics.text().includes('list_failures_total 1\n'))
    stop.abort()
    await running
    await counted.close()
    expect(metrics.text()).toContain('requests_total{method="GET",code="503"} 1\n')
  })

  describe('health', () => {
    let served: Served

    afterEach(() => served.close())

    const ask = async (path: string): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${served.port}${path}`)
      return [response.status, await response.text()]
    }

    test('is refused while a kind is not synced, and when nothing is heard any more', async () => {
      const metrics = new Metrics()
      const reflectors = [new Reflector({ client, resource: widgets, clock, onChange() {} })]
      observeReflectors(metrics, reflectors)
      served = await serve(
        {
          '/livez': checkPage(silentReflectors(reflectors, 300_000)),
          '/readyz': checkPage(unsyncedReflectors(reflectors)),
          '/metrics': metricsPage(() => metrics.text()),
        },
        0,
        '127.0.0.1',
      )
      expect(await ask('/livez')).toEqual([200, 'ok\n'])
      expect(await ask('/readyz')).toEqual([503, 'widgets: not synced\n'])
      const stop = new AbortController()
      const running = reflectors[0]?.run(stop.signal)
      await until(() => api.watches.size === 1)
      expect(await ask('/readyz')).toEqual([200, 'ok\n'])
      stop.abort()
      await running
      clock.advance(301_000)
      expect(await ask('/livez')).toEqual([503, 'widgets: nothing heard for 301 s\n'])
      expect((await ask('/metrics'))[1]).toContain('reflector_last_sync_age_seconds{gvr="test.dev/v1/widgets"} 301\n')
    })

    test('fails when its check throws, and knows no other page', async () => {
      const broken = (): never => {
        throw new Error('secret detail')
      }
      served = await serve({ '/livez': broken }, 0, '127.0.0.1')
      expect(await ask('/livez')).toEqual([500, 'the check itself failed\n'])
      expect((await ask('/toString'))[0]).toBe(404)
      expect((await fetch(`http://127.0.0.1:${served.port}/livez`, { method: 'POST' })).status).toBe(404)
    })
  })
})

describe('metrics', () => {
  test('escape what stands in labels, and put each family under one head', () => {
    const metrics = new Metrics()
    metrics.add('c_total', 'Help.', { path: 'a"b\\c\nd' })
    metrics.add('c_total', 'Help.', { path: 'a"b\\c\nd' })
    metrics.set('g', 'Gauge.', {}, 1.5)
    expect(metrics.text()).toBe(
      '# HELP c_total Help.\n# TYPE c_total counter\nc_total{path="a\\"b\\\\c\\nd"} 2\n# HELP g Gauge.\n# TYPE g gauge\ng 1.5\n',
    )
  })

  test('count an observation in every bucket that it fits into', () => {
    const metrics = new Metrics()
    metrics.observe('h_seconds', 'Time.', {}, 0.3)
    metrics.observe('h_seconds', 'Time.', {}, 1000)
    for (const line of [
      'h_seconds_bucket{le="0.1"} 0',
      'h_seconds_bucket{le="0.5"} 1',
      'h_seconds_bucket{le="+Inf"} 2',
      'h_seconds_sum 1000.3',
      'h_seconds_count 2',
    ])
      expect(metrics.text()).toContain(`\n${line}\n`)
  })

  test('show a loop that was blocked', async () => {
    const metrics = new Metrics()
    const loop = observeLoop(metrics)
    await new Promise(resolve => setTimeout(resolve, 50))
    const blockedUntil = performance.now() + 300
    while (performance.now() < blockedUntil);
    await until(() => loop.lag() >= 200)
    loop.stop()
    expect(metrics.text()).toMatch(/\nnodejs_eventloop_lag_p99_seconds 0\.\d+\n/)
  })
})
