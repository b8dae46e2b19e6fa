import type { GuardrailPolicySpec } from '../../../crds/guardrail-policy.ts'
import type { EffectiveObject } from '../accept/effective.ts'
import type { Document } from '../model/document.ts'
import { readableSelection, selects } from './select.ts'

/** A policy that is for a server. */
export type SelectedPolicy = {
  readonly name: string
  readonly namespace: string
  readonly spec: GuardrailPolicySpec
  /** It stands in the operator's own namespace and binds all others. */
  readonly floor?: boolean
}

/** What the policies of a namespace, and those of the floor, say about one server. */
export type SelectedPolicies = {
  readonly policies: readonly SelectedPolicy[]
  /** Policies that never compiled and select the server: while there are any, nothing passes. */
  readonly broken: readonly Document[]
}

/** Where a rule comes from, as the gateway's configuration and the audit log name it. */
export const fullName = ({ namespace, name }: Pick<SelectedPolicy, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`

/** How a status names a policy: with its namespace if that is another. */
export const originOf = ({ namespace, name, floor }: SelectedPolicy): string =>
  `GuardrailPolicy/${floor === true ? `${namespace}/` : ''}${name}`

type EffectivePolicy = EffectiveObject<'GuardrailPolicy'>

/** Collects the policies that select a server: the floor's, then its own, each in the order of their names. */
export function selectedPolicies(
  server: Document,
  floor: readonly EffectivePolicy[],
  own: readonly EffectivePolicy[],
): SelectedPolicies {
  const chosen = [...floor, ...own].filter(({ document, spec }) =>
    selects(spec ?? readableSelection(document.spec), server),
  )
  return {
    policies: chosen.flatMap(({ document: { name, namespace }, spec }) =>
      spec ? [{ name, namespace, spec, ...(namespace !== server.namespace && { floor: true }) }] : [],
    ),
    broken: chosen.filter(policy => !policy.spec).map(policy => policy.document),
  }
}
