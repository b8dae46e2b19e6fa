import { readDocuments, type readDocument } from '../model/document.ts'
import type { Snapshot } from '../model/snapshot.ts'
import type { AcceptSteps } from './accept.ts'
import { effectiveObjects } from './accept-kind.ts'
import type { EffectiveObject } from './effective.ts'

/** What the operator's own namespace says about all others. */
export type EffectiveFloor = {
  readonly namespace: string
  readonly policies: readonly EffectiveObject<'GuardrailPolicy'>[]
  readonly settings: EffectiveObject<'MCPGateway'> | undefined
}

/** Accepts the objects of the floor as their own namespace would: by their own last good specs. */
export function effectiveFloor(
  snapshot: Snapshot,
  steps: AcceptSteps & { readonly read: typeof readDocument },
): EffectiveFloor | undefined {
  const { floor, operatorNamespace, namespace } = snapshot
  if (!floor || operatorNamespace === undefined || operatorNamespace === namespace) return undefined
  const there: Snapshot = { ...snapshot, ...floor, namespace: operatorNamespace }
  const documents = readDocuments(there, steps.read).filter(document => document.namespace === operatorNamespace)
  const gateways = effectiveObjects('MCPGateway', documents, there, steps)
  return {
    namespace: operatorNamespace,
    policies: effectiveObjects('GuardrailPolicy', documents, there, steps),
    settings: gateways.find(one => one.document.name === 'default'),
  }
}
