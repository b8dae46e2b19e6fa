import { ApiError } from './api-error.ts'

type Cause = { readonly reason?: unknown }

const causesOf = (details: unknown): readonly Cause[] =>
  (details as { causes?: readonly Cause[] } | undefined)?.causes ?? []

/** Whether the API server would not take something because its namespace is being deleted: nothing is left to do there. */
export const isTerminating = (error: unknown): boolean =>
  error instanceof ApiError &&
  ((error.status === 403 && causesOf(error.details).some(({ reason }) => reason === 'NamespaceTerminating')) ||
    (error.status === 404 && (error.details as { kind?: unknown } | undefined)?.kind === 'namespaces'))

/** Whether the API server understood and would not have it: trying again at once is of no use, and the user is to be told. */
export const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && [400, 403, 422].includes(error.status) && !isTerminating(error)
