import type { z } from 'zod'

/** A column of `kubectl get`; priority 1 is shown with `-o wide` only. */
export type Column = {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly jsonPath: string
  readonly description: string
  readonly priority?: 1
}

/** What a name of this kind must look like beyond what the API server asks of every name. */
export type NameRule = { readonly rule: string; readonly message: string; holds(name: string): boolean }

/** One kind: everything that the CRD, the reference, validation and translation need to know of it. */
export type Kind<S extends z.ZodType = z.ZodType> = {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly nameRules: readonly NameRule[]
  readonly columns: readonly Column[]
  /** Kinds with `kubectl scale`: `spec.replicas` is this where it is not set, since the API server cannot scale what has no number. */
  readonly scale?: { readonly replicas: number }
  readonly spec: S
  readonly status: z.ZodType
}

export const group = 'mcp.gateway.io'
export const version = 'v1'
export const apiVersion = `${group}/${version}`

export const kindOf = <S extends z.ZodType>(kind: Kind<S>): Kind<S> => kind
