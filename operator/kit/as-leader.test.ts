import { describe, expect, test } from 'vitest'
import { ApiError } from './api-error.ts'
import { asLeader } from './as-leader.ts'
import { notLeader } from './not-leader.ts'

const failing = (error: Error) => async (): Promise<void> => {
  throw error
}

describe('work that ends in a write', () => {
  test('waits while the lease is not held', async () => {
    expect(await asLeader({ isLeader: () => false }, failing(notLeader()))).toEqual({ requeueAfter: 1000 })
  })

  test('fails with what went wrong while it is held, and with everything else always', async () => {
    const refused = new ApiError(403, 'Forbidden', 'no')
    await expect(asLeader({ isLeader: () => true }, failing(notLeader()))).rejects.toThrow('may not write')
    await expect(asLeader({ isLeader: () => true }, failing(refused))).rejects.toBe(refused)
    await expect(asLeader({ isLeader: () => false }, failing(refused))).rejects.toBe(refused)
  })

  test('gives back what it says', async () => {
    expect(await asLeader({ isLeader: () => true }, async () => ({ requeueAfter: 5 }))).toEqual({ requeueAfter: 5 })
    expect(await asLeader({ isLeader: () => false }, async () => {})).toBeUndefined()
  })
})
