import type { Judged } from './accept.ts'
import { readDocuments } from '../model/document.ts'
import { judgedOf } from './accept-kind.ts'
import type { Memory } from '../memory.ts'
import type { Snapshot } from '../model/snapshot.ts'

/** What the operator's own namespace says about all others. */
export type JudgedFloor = {
  readonly namespace: string
  readonly policies: readonly Judged<'GuardrailPolicy'>[]
  readonly settings: Judged<'MCPGateway'> | undefined
}

/** Judges the objects of the floor as their own namespace would: by their own last good specs. */
export function judgedFloor(snapshot: Snapshot, memory: Memory): JudgedFloor | undefined {
  const { floor, operatorNamespace, namespace } = snapshot
  if (!floor || operatorNamespace === undefined || operatorNamespace === namespace) return undefined
  const there: Snapshot = { ...snapshot, ...floor, namespace: operatorNamespace }
  const documents = readDocuments(there, memory).filter(document => document.namespace === operatorNamespace)
  const gateways = judgedOf('MCPGateway', documents, there, memory)
  return {
    namespace: operatorNamespace,
    policies: judgedOf('GuardrailPolicy', documents, there, memory),
    settings: gateways.find(one => one.document.name === 'default'),
  }
}
