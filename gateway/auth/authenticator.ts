import type { Denial, Principal } from '../exchange.ts'

/** A principal, and what proved it: enough to ask again after a reload, useless to anybody who reads it. */
export type Identity = { readonly principal: Principal; readonly proof: string }

/** Three answers: an identity, `undefined` for "not mine", or a refusal. A technical failure is a refusal with a code of its own. */
export type Authentication = Identity | { readonly denied: Denial } | undefined

export type Authenticator = {
  readonly name: string
  authenticate(credential: string, now: number): Authentication
  /** Would this identity be let in now? Asked for every open call after a reload and when its credential ends. */
  revalidate(identity: Identity, now: number): Authentication
}
