import type { EffectiveObject } from './accept.ts'
import { readDocuments } from '../model/document.ts'
import { effectiveObjects } from './accept-kind.ts'
import type { Memory } from '../memory.ts'
import type { Snapshot } from '../model/snapshot.ts'

/** What the operator's own namespace says about all others. */
export type EffectiveFloor = {
  readonly namespace: string
  readonly policies: readonly EffectiveObject<'GuardrailPolicy'>[]
  readonly settings: EffectiveObject<'MCPGateway'> | undefined
}

/** Judges the objects of the floor as their own namespace would: by their own last good specs. */
export function effectiveFloor(snapshot: Snapshot, memory: Memory): EffectiveFloor | undefined {
  const { floor, operatorNamespace, namespace } = snapshot
  if (!floor || operatorNamespace === undefined || operatorNamespace === namespace) return undefined
  const there: Snapshot = { ...snapshot, ...floor, namespace: operatorNamespace }
  const documents = readDocuments(there, memory).filter(document => document.namespace === operatorNamespace)
  const gateways = effectiveObjects('MCPGateway', documents, there, memory)
  return {
    namespace: operatorNamespace,
    policies: effectiveObjects('GuardrailPolicy', documents, there, memory),
    settings: gateways.find(one => one.document.name === 'default'),
  }
}
