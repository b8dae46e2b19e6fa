import { ApiError } from './api-error.ts'

/** The error of a write that is not sent, because this process does not hold the lease. */
export const notLeader = (): ApiError => new ApiError(0, 'NotLeader', 'this process may not write now')

/** Whether a write was not made because this process does not hold the lease. */
export const isNotLeader = (error: unknown): boolean => error instanceof ApiError && error.reason === 'NotLeader'
