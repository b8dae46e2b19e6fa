import type { Denial, Finding } from '../exchange.ts'
import type { AdmittedCall } from './admitted-call.ts'

/** What was decided about a request. `settle.ts` carries it out; to decide has no effect on the answer. */
export type Outcome =
  | { readonly kind: 'refused'; readonly denial: Denial; readonly findings?: readonly Finding[] }
  /** A page asks what it may send (CORS). */
  | { readonly kind: 'preflight' }
  /** It is taken, and goes no further. */
  | { readonly kind: 'accepted'; readonly detail: string; readonly findings: readonly Finding[] }
  /** It goes to the server. */
  | { readonly kind: 'admitted'; readonly call: AdmittedCall; readonly findings: readonly Finding[] }
  /** The client left before there was a decision. `unread`: before its body had arrived. */
  | { readonly kind: 'left'; readonly unread: boolean }

export const refused = (denial: Denial, findings?: readonly Finding[]): Outcome =>
  findings === undefined ? { kind: 'refused', denial } : { kind: 'refused', denial, findings }

/** Ends a decision that waits: thrown where it waits, and an outcome where it is caught. */
export class Interruption extends Error {
  readonly outcome: Outcome

  constructor(outcome: Outcome) {
    super(outcome.kind)
    this.outcome = outcome
  }
}
