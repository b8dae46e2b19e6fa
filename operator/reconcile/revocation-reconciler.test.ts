import { expect, test } from 'vitest'
import type { Withdrawal } from '../../gateway/config/withdrawal.ts'
import type { PlanStore } from '../plan/plan-store.ts'
import type { ServerState } from '../plan/server-state.ts'
import { RevocationReconciler } from './revocation-reconciler.ts'
import type { ServerReconciler } from './server-reconciler.ts'
import type { WithdrawalSender } from '../gateways/withdrawal-sender.ts'

/** The reconciler with one server; `taken` is how many gateways take what they are told. */
function reconciler(taken: number | undefined) {
  const done: string[] = []
  let withdrawn: Withdrawal[] = []
  const state = { namespace: 'a', server: 'one' } as ServerState
  const plans = {
    isPrepared: () => true,
    postpone: () => undefined,
    plan: () => ({ pending: [state] }),
    servers: () => [state],
    takeWithdrawals: () => withdrawn.splice(0),
  }
  const servers = { applyConfigMap: () => Promise.resolve(void done.push('written')) }
  const withdrawals = {
    send: (_: unknown, all: readonly Withdrawal[]) => {
      if (all.length > 0) done.push('told')
      return Promise.resolve(all.length > 0 ? taken : 0)
    },
  }
  const revocations = new RevocationReconciler({
    plans: plans as unknown as PlanStore,
    servers: servers as unknown as ServerReconciler,
    withdrawals: withdrawals as unknown as WithdrawalSender,
    enqueueGateways: () => undefined,
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
    const change = reconciler(gateways)
    expect(await change([{ uid: 'gone' }])).toEqual(['told', pause])
    expect(await change([])).toEqual(['written'])
  }
})

test('while one does not know, the files are written at once', async () => {
  expect(await reconciler(undefined)([{ uid: 'gone' }])).toEqual(['told', 'written'])
})

test('a key that nobody loses is written at once, and so is what changes while others wait', async () => {
  const change = reconciler(3)
  expect(await change([])).toEqual(['written'])
  expect(await change([{ uid: 'gone' }])).toEqual(['told', 120])
  expect(await change([{ uid: 'another' }])).toEqual(['told', 'written'])
  expect(await change([{ uid: 'a third' }])).toEqual(['told', 120])
})
