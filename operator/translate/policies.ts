import type { GuardrailPolicySpec } from '../../crds/guardrailpolicy.ts'
import type { Judged } from './accept.ts'
import type { Document } from './document.ts'
import { readableSelection, selects } from './select.ts'

/** A policy that is for a server. */
export type Policy = { readonly name: string; readonly spec: GuardrailPolicySpec }

/** What the policies of a namespace say about one server. */
export type Guard = {
  readonly policies: readonly Policy[]
  /** Names of policies that never compiled and select the server: while there are any, nothing passes. */
  readonly broken: readonly string[]
}

/** Collects the policies that select a server, in the order of their names. */
export function guardOf(server: Document, policies: readonly Judged<'GuardrailPolicy'>[]): Guard {
  const chosen = policies.filter(({ document, spec }) => selects(spec ?? readableSelection(document.spec), server))
  return {
    policies: chosen.flatMap(({ document, spec }) => (spec ? [{ name: document.name, spec }] : [])),
    broken: chosen.filter(policy => !policy.spec).map(policy => policy.document.name),
  }
}
