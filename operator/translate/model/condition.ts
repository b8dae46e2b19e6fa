import { bounded, type StatusCondition, type ConditionType, type Reason } from './desired.ts'
import type { Document } from './document.ts'

/** What is found, before it is said of which generation. */
export type ConditionValue = {
  readonly status: StatusCondition['status']
  readonly reason: Reason
  readonly message: string
}

export const conditionValue = (status: StatusCondition['status'], reason: Reason, message: string): ConditionValue => ({
  status,
  reason,
  message,
})

/** A finding as a condition of an object. */
export const conditionOf = (
  type: ConditionType,
  { status, reason, message }: ConditionValue,
  document: Document,
): StatusCondition => ({
  type,
  status,
  reason,
  message: bounded(message),
  ...(document.generation !== undefined && { observedGeneration: document.generation }),
})
