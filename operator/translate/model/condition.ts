import { bounded, type Condition, type ConditionType, type Reason } from './desired.ts'
import type { Document } from './document.ts'

/** What is found, before it is said of which generation. */
export type Finding = { readonly status: Condition['status']; readonly reason: Reason; readonly message: string }

export const found = (status: Condition['status'], reason: Reason, message: string): Finding => ({
  status,
  reason,
  message,
})

/** A finding as a condition of an object. */
export const conditionOf = (
  type: ConditionType,
  { status, reason, message }: Finding,
  document: Document,
): Condition => ({
  type,
  status,
  reason,
  message: bounded(message),
  ...(document.generation !== undefined && { observedGeneration: document.generation }),
})
