import { expect, test } from 'vitest'
import { Slots } from './slots.ts'

test('one owner gets no more than its share, and all together no more than there are', async () => {
  const slots = new Slots(3, 2)
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
  const slots = new Slots(1, 1)
  await expect(slots.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await slots.run('a', () => Promise.resolve('yes'))).toBe('yes')
})
