import type { MadeKind } from '../made.ts'

/** One change to an object as the operator makes it, which the fence has to refuse, and what it says. */
export type Change = { readonly what: string; readonly change: object; readonly says: string; readonly path?: string }

/** A field that the operator may write: what may stand there, and what was tried in vain. */
export type Field = {
  readonly object: string
  /** Of which the changes are made; all of them for what holds for every object. */
  readonly of: readonly MadeKind[]
  readonly field: string
  readonly allowed: string
  readonly changes: readonly Change[]
  /** Names of other rows of forbidden.ts that are about it. */
  readonly tried?: readonly string[]
}

export const controlled = 'controlled by one object of its kinds'
