import { expect, test } from 'vitest'
import { FairSlots } from './fair-slots.ts'

test('one owner gets no more than its share, and all together no more than there are', async () => {
  const slots = new FairSlots(3, 2, () => 0)
  const open = Promise.withResolvers<string>()
  const hold = (): Promise<string> => open.promise
  const running = [slots.run('a', hold), slots.run('a', hold), slots.run('b', hold)]
  expect(await Promise.all([slots.run('a', hold), slots.run('b', hold), slots.run('c', hold)])).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  open.resolve('done')
  expect(await Promise.all(running)).toEqual(['done', 'done', 'done'])
  expect(await slots.run('c', () => Promise.resolve('again'))).toBe('again')
})

test('a slot is free again when what ran in it failed', async () => {
  const slots = new FairSlots(1, 1, () => 0)
  await expect(slots.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await slots.run('a', () => Promise.resolve('yes'))).toBe('yes')
})

test('who has waited longest is next, whoever asks at the moment when a slot turns free', async () => {
  let now = 0
  const slots = new FairSlots(2, 2, () => now)
  const open = [0, 1, 2].map(() => Promise.withResolvers<string>())
  const hold = (at: number) => (): Promise<string> => open[at]!.promise
  const greedy = [slots.run('greedy', hold(0)), slots.run('greedy', hold(1))]
  expect(await slots.run('patient', hold(2))).toBeUndefined()
  expect(await slots.run('last', hold(2))).toBeUndefined()
  open[0]!.resolve('done')
  await greedy[0]
  expect(await slots.run('greedy', hold(2))).toBeUndefined()
  expect(await slots.run('last', hold(2))).toBeUndefined()
  const patient = slots.run('patient', hold(2))
  open[1]!.resolve('done')
  await greedy[1]
  expect(await slots.run('greedy', () => Promise.resolve('first'))).toBeUndefined()
  now = 4000
  expect(await slots.run('greedy', () => Promise.resolve('still'))).toBeUndefined()
  now = 5100
  expect(await slots.run('greedy', () => Promise.resolve('last has gone'))).toBe('last has gone')
  open[2]!.resolve('yes')
  expect(await patient).toBe('yes')
})
