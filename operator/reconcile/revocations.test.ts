import { expect, test } from 'vitest'
import type { Withdrawal } from '../../gateway/config/withdrawal.ts'
import type { Book } from './plan-store.ts'
import type { Entry } from './server-state.ts'
import { Revocations } from './revocations.ts'
import type { Servers } from './servers.ts'
import type { Withdrawals } from '../gateways/withdraw.ts'

/** The lane with one server; `taken` is how many gateways take what they are told. */
function lane(taken: number | undefined) {
  const done: string[] = []
  let withdrawn: Withdrawal[] = []
  const entry = { namespace: 'a', server: 'one' } as Entry
  const book = {
    isPrepared: () => true,
    hold: () => undefined,
    plan: () => ({ pending: [entry] }),
    entries: () => [entry],
    withdrawn: () => withdrawn.splice(0),
  }
  const servers = { revoke: () => Promise.resolve(void done.push('written')) }
  const withdrawals = {
    tell: (_: unknown, all: readonly Withdrawal[]) => {
      if (all.length > 0) done.push('told')
      return Promise.resolve(all.length > 0 ? taken : 0)
    },
  }
  const revocations = new Revocations({
    book: book as unknown as Book,
    servers: servers as unknown as Servers,
    withdrawals: withdrawals as unknown as Withdrawals,
    watch: () => undefined,
  })
  const change = async (all: Withdrawal[]) => {
    withdrawn = all
    const result = await revocations.reconcile('a')
    return [...done.splice(0), ...(result ? [result.requeueAfter] : [])]
  }
  return change
}

test('when all gateways know, the files follow a little later: 40 ms for each, and a second and a half at the most', async () => {
  for (const [gateways, pause] of [
    [1, 40],
    [30, 1200],
    [500, 1500],
  ]) {
    const change = lane(gateways)
    expect(await change([{ uid: 'gone' }])).toEqual(['told', pause])
    expect(await change([])).toEqual(['written'])
  }
})

test('while one does not know, the files are written at once', async () => {
  expect(await lane(undefined)([{ uid: 'gone' }])).toEqual(['told', 'written'])
})

test('a key that nobody loses is written at once, and so is what changes while others wait', async () => {
  const change = lane(3)
  expect(await change([])).toEqual(['written'])
  expect(await change([{ uid: 'gone' }])).toEqual(['told', 120])
  expect(await change([{ uid: 'another' }])).toEqual(['told', 'written'])
  expect(await change([{ uid: 'a third' }])).toEqual(['told', 120])
})
