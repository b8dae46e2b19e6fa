import { expect, test } from 'vitest'
import type { Applier } from '../apply/applier.ts'
import { PlanStore } from './plan-store.ts'
import { ManualClock } from '../../hack/testing/manual-clock.ts'
import type { SnapshotSources } from './snapshot.ts'

function emptyStore() {
  const clock = new ManualClock()
  const sources = { caches: { own: { MCPServer: { store: { list: () => [] } } } } } as unknown as SnapshotSources
  const plans = new PlanStore(sources, {} as Applier, clock)
  plans.sync('a')
  return { plans, clock }
}

test('a namespace whose keys are being brought into force rests, and another does not', () => {
  const { plans, clock } = emptyStore()
  plans.sync('b')
  plans.postpone('a', 2000)
  expect([plans.delay('a'), plans.delay('b')]).toEqual([2000, 0])
  clock.advance(2000)
  expect(plans.delay('a')).toBe(0)
})

test('keys that change all the time keep a namespace waiting for five seconds, again and again, and not for ever', () => {
  const { plans, clock } = emptyStore()
  const turns: number[] = []
  for (let time = 0; time <= 16_000; time += 500) {
    plans.postpone('a', 2000)
    if (plans.delay('a') === 0) turns.push(time)
    clock.advance(500)
  }
  expect(turns).toEqual([5000, 10_500, 16_000])
})
