import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApiError } from './api-error.ts'
import { MetricsRegistry } from './metrics.ts'
import { observeQueue, queueMetrics } from './observe.ts'
import { WorkQueue, TerminalError, type QueueOptions, type Result } from './work-queue.ts'
import { ManualClock, until } from '../../hack/testing/manual-clock.ts'

type Run = {
  readonly key: string
  readonly signal: AbortSignal
  end(result?: Result): void
  fail(error: unknown): void
}

let clock: ManualClock
let stop: AbortController
let running: Promise<void>
/** Every run that was begun; it goes on until the test ends it. */
let runs: Run[]
let queue: WorkQueue

const keys = (): string[] => runs.map(({ key }) => key)
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function start(options: Partial<QueueOptions> = {}): WorkQueue {
  queue = new WorkQueue({
    clock,
    random: () => 1,
    reconcile: (key, signal) =>
      new Promise((end, fail) => {
        runs.push({ key, signal, end, fail })
      }),
    ...options,
  })
  running = queue.run(stop.signal)
  return queue
}

/** Ends the latest run and lets the queue see it. */
async function end(result?: Result): Promise<void> {
  runs.at(-1)?.end(result)
  await settle()
}

async function fail(error: unknown = new Error('no')): Promise<void> {
  runs.at(-1)?.fail(error)
  await settle()
}

beforeEach(() => {
  clock = new ManualClock()
  stop = new AbortController()
  runs = []
})

afterEach(async () => {
  stop.abort()
  for (const run of runs) run.end()
  await settle()
  clock.advance(20_000)
  await running
})

describe('a queue', () => {
  test('makes of fifty changes two runs at most', async () => {
    start()
    for (let at = 0; at < 50; at++) queue.add('a')
    expect(keys()).toEqual(['a'])
    await end()
    expect(keys()).toEqual(['a', 'a'])
    await end()
    expect(runs).toHaveLength(2)
  })

  test('makes of fifty changes that come before it runs a single one', async () => {
    queue = new WorkQueue({
      clock,
      reconcile: async key => void runs.push({ key, signal: stop.signal, end() {}, fail() {} }),
    })
    for (let at = 0; at < 50; at++) queue.add('a')
    running = queue.run(stop.signal)
    await settle()
    expect(keys()).toEqual(['a'])
  })

  test('never works on one key twice at once', async () => {
    const open = new Map<string, number>()
    let most = 0
    start({
      workers: 8,
      async reconcile(key) {
        open.set(key, (open.get(key) ?? 0) + 1)
        most = Math.max(most, ...open.values())
        await settle()
        open.set(key, (open.get(key) ?? 0) - 1)
      },
    })
    for (let at = 0; at < 200; at++) {
      queue.add(`k${at % 3}`)
      if (at % 7 === 0) await settle()
    }
    await until(() => queue.active === 0)
    expect(most).toBe(1)
  })

  test('lets one slow key delay nobody', async () => {
    const done: string[] = []
    start({
      workers: 2,
      reconcile: (key, signal) => {
        if (key === 'slow')
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        done.push(key)
        return Promise.resolve()
      },
    })
    queue.add('slow')
    for (let at = 0; at < 100; at++) queue.add(`k${at}`)
    await until(() => done.length === 100)
    expect(queue.active).toBe(1)
  })

  test('gives the place of a run that does not end to others, and its key to nobody', async () => {
    start({ workers: 1, timeout: 1000 })
    queue.add('deaf')
    queue.add('b')
    expect(keys()).toEqual(['deaf'])
    clock.advance(1000)
    expect(keys()).toEqual(['deaf', 'b'])
    expect(runs[0]?.signal.aborted).toBe(true)
    queue.add('deaf')
    await end()
    expect(keys()).toEqual(['deaf', 'b'])
    runs[0]?.end()
    await settle()
    expect(keys()).toEqual(['deaf', 'b', 'deaf'])
  })

  test('lets the urgent pass all that waits, and has a worker for it alone', async () => {
    start({ workers: 1 })
    for (const key of ['a', 'b', 'c']) queue.add(key)
    queue.addUrgent('c')
    queue.addUrgent('d')
    expect(keys()).toEqual(['a', 'c'])
    await end()
    expect(keys()).toEqual(['a', 'c', 'd'])
    await end()
    expect(keys()).toEqual(['a', 'c', 'd'])
    runs[0]?.end()
    await settle()
    expect(keys()).toEqual(['a', 'c', 'd', 'b'])
  })

  test('runs an urgent key that is being worked on first when that run has ended', async () => {
    start({ workers: 1 })
    queue.add('a')
    queue.add('b')
    queue.addUrgent('a')
    queue.add('a')
    expect(keys()).toEqual(['a'])
    await end()
    expect(keys().slice(0, 2)).toEqual(['a', 'a'])
  })

  test('tries again what failed, later each time, and forgets that after a success', async () => {
    start({ baseDelay: 5, maxDelay: 15 })
    queue.add('a')
    for (const delay of [5, 10, 15, 15]) {
      const before = runs.length
      await fail()
      clock.advance(delay - 1)
      expect(runs).toHaveLength(before)
      clock.advance(1)
      expect(runs).toHaveLength(before + 1)
    }
    await end()
    queue.add('a')
    await fail()
    clock.advance(5)
    expect(runs).toHaveLength(7)
  })

  test('takes a reconcile that throws before its first await for a failure', async () => {
    let calls = 0
    start({
      reconcile() {
        calls += 1
        if (calls === 1) throw new Error('at once')
        return Promise.resolve()
      },
    })
    queue.add('a')
    await settle()
    clock.advance(5)
    expect(calls).toBe(2)
  })

  test('waits as long as the API server asks', async () => {
    start()
    queue.add('a')
    await fail(new ApiError(429, 'TooManyRequests', 'slow down', { retryAfter: 9000 }))
    clock.advance(8999)
    expect(runs).toHaveLength(1)
    clock.advance(1)
    expect(runs).toHaveLength(2)
  })

  test('does not try again what is terminal', async () => {
    start()
    queue.add('a')
    await fail(new TerminalError('the spec makes no sense'))
    clock.advance(3_600_000)
    expect(runs).toHaveLength(1)
    queue.add('a')
    expect(runs).toHaveLength(2)
  })

  test('lets a change through while a retry waits', async () => {
    start({ baseDelay: 60_000 })
    queue.add('a')
    await fail()
    queue.add('a')
    expect(runs).toHaveLength(2)
  })

  test('spreads the retries of many keys', async () => {
    start({ workers: 300 })
    for (let at = 0; at < 300; at++) queue.add(`k${at}`)
    for (const run of runs.slice()) run.fail(new Error('outage'))
    await settle()
    clock.advance(1000)
    const atOnce = runs.length - 300
    clock.advance(20_000)
    expect(atOnce).toBeLessThanOrEqual(111)
    expect(atOnce).toBeGreaterThanOrEqual(100)
    expect(runs).toHaveLength(600)
  })

  test('comes back after requeueAfter, at the earliest of several times', async () => {
    start()
    queue.add('a')
    await end({ requeueAfter: 5000 })
    queue.addAfter('a', 9000)
    queue.addAfter('a', 3000)
    clock.advance(3000)
    expect(runs).toHaveLength(2)
    await end()
    clock.advance(60_000)
    expect(runs).toHaveLength(2)
  })
})

describe('a queue that is stopped', () => {
  test('begins nothing more and lets what runs end', async () => {
    start({ workers: 1 })
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 10)
    stop.abort()
    let isOver = false
    const over = running.then(() => (isOver = true))
    clock.advance(1000)
    queue.add('d')
    await settle()
    expect([keys(), isOver, runs[0]?.signal.aborted]).toEqual([['a'], false, false])
    await end({ requeueAfter: 1 })
    await over
    clock.advance(60_000)
    expect([keys(), clock.pending]).toEqual([['a'], []])
  })

  test('tells what does not end to stop, and waits no longer', async () => {
    start({ drain: 20_000 })
    queue.add('deaf')
    stop.abort()
    await settle()
    clock.advance(20_000)
    await running
    expect(runs[0]?.signal.aborted).toBe(true)
  })
})

test('a queue shows what it does under the names that dashboards know', async () => {
  const metrics = new MetricsRegistry()
  start({ workers: 3, timeout: 1000, metrics: queueMetrics(metrics, 'c') })
  observeQueue(metrics, 'c', queue)
  queue.add('a')
  await fail(new TypeError('x is undefined'))
  clock.advance(10)
  await fail(new TerminalError('never'))
  queue.add('a')
  await end({ requeueAfter: 1 })
  queue.add('b')
  clock.advance(2000)
  const text = metrics.text()
  for (const line of [
    'controller_runtime_reconcile_total{controller="c",result="error"} 2',
    'controller_runtime_reconcile_total{controller="c",result="requeue_after"} 1',
    'controller_runtime_reconcile_errors_total{controller="c"} 1',
    'controller_runtime_reconcile_panics_total{controller="c"} 1',
    'controller_runtime_reconcile_terminal_errors_total{controller="c"} 1',
    'controller_runtime_reconcile_timeouts_total{controller="c"} 2',
    'controller_runtime_max_concurrent_reconciles{controller="c"} 3',
    'controller_runtime_reconcile_time_seconds_count{controller="c"} 3',
    'workqueue_retries_total{name="c"} 1',
    'workqueue_depth{name="c"} 0',
    'workqueue_work_duration_seconds_bucket{name="c",le="+Inf"} 3',
    'workqueue_queue_duration_seconds_count{name="c"} 5',
    'workqueue_longest_running_processor_seconds{name="c"} 2',
    'workqueue_unfinished_work_seconds{name="c"} 3.999',
  ])
    expect(text).toContain(`\n${line}\n`)
})
