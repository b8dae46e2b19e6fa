import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Continuation } from './steps.ts'

test('what follows is done when the promise is kept, unless it was let go', async () => {
  const done: string[] = []
  const promise = Promise.resolve()
  Continuation.after(promise, () => done.push('first'))
  Continuation.after(promise, () => done.push('second')).letGo()
  await promise
  expect(done).toEqual(['first'])
})

test('a promise that is never kept holds nothing of what was let go', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const kept = new Promise<void>(() => undefined)
  const letGo = (): WeakRef<object> => {
    const call = { body: 'x' }
    Continuation.after(kept, () => void call).letGo()
    return new WeakRef(call)
  }
  const call = letGo()
  // What a WeakRef was made for lives until the turn is over.
  await new Promise(setImmediate)
  collect()
  expect(call.deref() === undefined).toBe(true)
  expect(kept).toBeInstanceOf(Promise)
})
