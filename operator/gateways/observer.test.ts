import { expect, test } from 'vitest'
import type { PlanStore } from '../plan/plan-store.ts'
import { newServerState } from '../plan/server-state.ts'
import type { ApiClient } from '../kit/client.ts'
import { ManualClock } from '../../hack/testing/manual-clock.ts'
import { Observations } from '../plan/observations.ts'
import { GatewayObserver } from './observer.ts'
import type { SnapshotSources } from '../plan/snapshot.ts'

/** A server with one pod, at whose address nobody listens, and an API server that answers to a patch when it is told to. */
function stage() {
  const clock = new ManualClock()
  const state = newServerState({ metadata: { namespace: 'a', name: 'one', uid: 'u' } })
  state.hash = 'first'
  const pod = { metadata: { namespace: 'a', name: 'pod', uid: 'p' }, status: { podIP: '127.80.0.1' } }
  const patches: { readonly answer: () => void; readonly fail: (error: Error) => void }[] = []
  const patch = (): Promise<void> => new Promise((answer, fail) => patches.push({ answer, fail }))
  const client = { patch } as unknown as ApiClient
  const observations = new Observations()
  const sources = {
    observations,
    caches: { podsOf: () => [pod] },
    guards: { keys: () => ({ operator: 'o', drain: 'd', status: Buffer.from('s') }), expire: () => undefined },
  } as unknown as SnapshotSources
  const plans = { server: () => state } as unknown as PlanStore
  const observer = new GatewayObserver({ client, clock, sources, plans, enqueueNamespace: () => undefined })
  const look = (): Promise<unknown> => observer.observe(state.key, new AbortController().signal)
  return { clock, state, observations, observer, patches, look }
}

test('whoever looks while the kubelets are being told neither tells them again nor asks the gateways', async () => {
  const { state, observations, observer, patches, look } = stage()
  await look()
  observations.forget(state.key)
  state.hash = 'second'
  const hurried = observer.expedite(state)
  expect(await look()).toEqual({ requeueAfter: 350 })
  expect([patches.length, observations.has(state.key)]).toEqual([1, false])
  patches[0]?.answer()
  await hurried
})

test('gateways are asked as soon as they can have taken up what was written', async () => {
  const { clock, state, observations, observer, patches, look } = stage()
  await look()
  observations.forget(state.key)
  state.hash = 'second'
  const hurried = observer.expedite(state)
  patches[0]?.answer()
  await hurried
  clock.advance(349)
  expect(await look()).toEqual({ requeueAfter: 1 })
  expect(observations.has(state.key)).toBe(false)
  clock.advance(1)
  await look()
  expect(observations.has(state.key)).toBe(true)
})

test('what a kubelet could not be told is told again by whoever looks', async () => {
  const { state, observer, patches, look } = stage()
  await look()
  state.hash = 'second'
  const hurried = observer.expedite(state)
  patches[0]?.fail(new Error('refused'))
  await expect(hurried).rejects.toThrow('refused')
  const looked = look()
  await expect.poll(() => patches.length).toBe(2)
  patches[1]?.answer()
  await looked
})
