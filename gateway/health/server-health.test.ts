import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pathProbe } from './probe.ts'
import { ServerHealth, type HealthOptions } from './server-health.ts'
import type { Upstream, UpstreamSink } from '../upstream/upstream.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Something that is asked and answers when it is told to. */
function played(options: Partial<HealthOptions>) {
  const asked: UpstreamSink[] = []
  let cancelled = 0
  const upstream: Upstream = {
    open(_, sink) {
      asked.push(sink)
      return { cancel: () => void (cancelled += 1), pause() {}, resume() {} }
    },
    notify: () => undefined,
    close: () => Promise.resolve(),
  }
  const verdicts: boolean[] = []
  const all = { interval: 1_000, timeout: 500, failureThreshold: 2, ...options }
  const health = new ServerHealth(pathProbe(upstream), all, well => verdicts.push(well))
  health.start()
  return { health, asked, verdicts, cancelled: () => cancelled }
}

const day = 24 * 3_600_000

test('an interval that is longer than a timer can be is not a millisecond', () => {
  const { asked } = played({ interval: 600 * 3_600_000 })
  asked[0]!.fail('UpstreamUnreachable', '')
  vi.advanceTimersByTime(60_000)
  expect(asked).toHaveLength(1)
})

test('a timeout that is longer than a timer can be leaves time for an answer', () => {
  const { verdicts } = played({ interval: day, timeout: 600 * 3_600_000, failureThreshold: 1 })
  vi.advanceTimersByTime(60_000)
  expect(verdicts).toEqual([])
})

test('no interval at all does not ask without end', () => {
  const { asked } = played({ interval: 0, timeout: 0 })
  vi.advanceTimersByTime(1_000)
  expect(asked.length).toBeLessThanOrEqual(101)
})

test('a server that does not answer is asked one question at a time, and is sick at the threshold', () => {
  const { asked, verdicts, cancelled } = played({ interval: 100, timeout: 1_000 })
  vi.advanceTimersByTime(999)
  expect([asked.length, cancelled()]).toEqual([1, 0])
  vi.advanceTimersByTime(1_201)
  expect([verdicts, cancelled()]).toEqual([[false], 2])
})

test('a stop drops the question on its way and gives no verdict', () => {
  const { health, verdicts, cancelled } = played({ failureThreshold: 1 })
  health.stop()
  vi.advanceTimersByTime(day)
  expect([verdicts, cancelled()]).toEqual([[], 1])
})
