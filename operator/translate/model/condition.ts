import type { Document } from './document.ts'
import type { ConditionType, Reason } from './reasons.ts'

/** A condition without its time: the writer of the status knows when it changed. */
export type StatusCondition = {
  readonly type: ConditionType
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: Reason
  readonly message: string
  readonly observedGeneration?: number
}

/** Authors of objects choose the names of fields, and the schema of the status bounds a message. */
export const bounded = (message: string): string => (message.length > 4096 ? `${message.slice(0, 4095)}…` : message)

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
