import { expect, test } from 'vitest'
import type { Book } from '../reconcile/plan-store.ts'
import { newEntry } from '../reconcile/server-state.ts'
import type { Client } from '../kit/client.ts'
import { ManualClock } from '../kit/testing/manual-clock.ts'
import { Observations } from './observations.ts'
import { Observer } from './observer.ts'
import type { Sources } from '../cache/snapshot.ts'

/** A server with one pod, at whose address nobody listens, and an API server that answers to a patch when it is told to. */
function stage() {
  const clock = new ManualClock()
  const entry = newEntry({ metadata: { namespace: 'a', name: 'one', uid: 'u' } })
  entry.hash = 'first'
  const pod = { metadata: { namespace: 'a', name: 'pod', uid: 'p' }, status: { podIP: '127.80.0.1' } }
  const patches: { readonly answer: () => void; readonly fail: (error: Error) => void }[] = []
  const patch = (): Promise<void> => new Promise((answer, fail) => patches.push({ answer, fail }))
  const client = { patch } as unknown as Client
  const observations = new Observations()
  const sources = {
    observations,
    caches: { podsOf: () => [pod] },
    guards: { keys: () => ({ operator: 'o', drain: 'd', status: Buffer.from('s') }), expire: () => undefined },
  } as unknown as Sources
  const book = { entry: () => entry } as unknown as Book
  const observer = new Observer({ client, clock, sources, book, noticed: () => undefined })
  const look = (): Promise<unknown> => observer.observe(entry.key, new AbortController().signal)
  return { clock, entry, observations, observer, patches, look }
}

test('whoever looks while the kubelets are being told neither tells them again nor asks the gateways', async () => {
  const { entry, observations, observer, patches, look } = stage()
  await look()
  observations.forget(entry.key)
  entry.hash = 'second'
  const hurried = observer.hurry(entry)
  expect(await look()).toEqual({ requeueAfter: 350 })
  expect([patches.length, observations.has(entry.key)]).toEqual([1, false])
  patches[0]?.answer()
  await hurried
})

test('gateways are asked as soon as they can have taken up what was written', async () => {
  const { clock, entry, observations, observer, patches, look } = stage()
  await look()
  observations.forget(entry.key)
  entry.hash = 'second'
  const hurried = observer.hurry(entry)
  patches[0]?.answer()
  await hurried
  clock.advance(349)
  expect(await look()).toEqual({ requeueAfter: 1 })
  expect(observations.has(entry.key)).toBe(false)
  clock.advance(1)
  await look()
  expect(observations.has(entry.key)).toBe(true)
})

test('what a kubelet could not be told is told again by whoever looks', async () => {
  const { entry, observer, patches, look } = stage()
  await look()
  entry.hash = 'second'
  const hurried = observer.hurry(entry)
  patches[0]?.fail(new Error('refused'))
  await expect(hurried).rejects.toThrow('refused')
  const looked = look()
  await expect.poll(() => patches.length).toBe(2)
  patches[1]?.answer()
  await looked
})
