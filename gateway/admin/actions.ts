import type { Guards } from '../config/guard.ts'
import type { Withdrawal } from '../config/withdrawal.ts'
import type { ReloadResult } from '../options.ts'

/** What the admin port tells and does beside the probes. */
export type AdminActions = {
  guards(): Guards
  applied(): ReloadResult
  drain(): Promise<void>
  withdraw(withdrawals: readonly Withdrawal[]): void
}
