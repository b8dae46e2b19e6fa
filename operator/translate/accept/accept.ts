import { validateName, validateSpec, type KindName } from '../../../crds/index.ts'
import type { APIKeySpec } from '../../../crds/api-key.ts'
import type { GuardrailPolicySpec } from '../../../crds/guardrail-policy.ts'
import type { MCPGatewaySpec } from '../../../crds/mcp-gateway.ts'
import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { kinds } from '../../../crds/kinds.ts'
import type { Issue } from '../../../gateway/config/index.ts'
import { bounded, type StatusCondition, type Reason } from '../model/desired.ts'
import type { Document } from '../model/document.ts'
import { impossible } from './impossible.ts'
import type { LastGood, Snapshot } from '../model/snapshot.ts'

type Specs = {
  MCPServer: MCPServerSpec
  GuardrailPolicy: GuardrailPolicySpec
  APIKey: APIKeySpec
  MCPGateway: MCPGatewaySpec
}

/** An object with the spec that is in force for it: its own, the last one that compiled, or none. */
export type EffectiveObject<K extends KindName = KindName> = {
  readonly document: Document & { readonly kind: K }
  readonly spec?: Specs[K]
  readonly accepted: StatusCondition
  /** What to keep for the day on which the object does not compile. */
  readonly keep?: LastGood
}

/** Why an object is not accepted. */
export type Rejection = { readonly reason: Reason; readonly text: string }

const sentence = ({ path, message }: Issue): string => (path === '' ? message : `${path}: ${message}`)

function rejection(document: Document, snapshot: Snapshot, duplicates: number): Rejection | undefined {
  if (document.namespace !== snapshot.namespace) {
    const text = `the object is in namespace ${document.namespace}, but this gateway serves ${snapshot.namespace}: change metadata.namespace`
    return { reason: 'OtherNamespace', text }
  }
  if (duplicates > 1) {
    return {
      reason: 'DuplicateName',
      text: `there are ${duplicates} objects of this kind and name: remove all but one`,
    }
  }
  const issues = [...validateName(document.kind, document.name), ...validateSpec(document.kind, document.spec)]
  if (issues.length > 0) return { reason: 'Invalid', text: issues.slice(0, 20).map(sentence).join('; ') }
  return impossible(document, snapshot)
}

/** What is kept for an object, if it was kept for this very one: a deleted and recreated object has never compiled. */
export function keptFor(document: Document, snapshot: Snapshot): LastGood | undefined {
  return snapshot.lastGood.find(
    kept =>
      kept.kind === document.kind &&
      kept.name === document.name &&
      (kept.uid === undefined || document.uid === undefined || kept.uid === document.uid),
  )
}

const denied: Readonly<Record<KindName, string>> = {
  MCPServer: 'no version of it ever compiled: every call is refused',
  GuardrailPolicy: 'no version of it ever compiled: every call to the servers that it selects is refused',
  APIKey: 'no version of it ever compiled: the key does not exist',
  MCPGateway: 'no version of it ever compiled: every call in the namespace is refused',
}

function inForce(document: Document, kept: LastGood | undefined): string {
  if (!kept) return denied[document.kind]
  return kept.generation === undefined
    ? 'the last version that compiled stays in force'
    : `generation ${kept.generation} stays in force`
}

const condition = (
  document: Document,
  part: Pick<StatusCondition, 'status' | 'reason' | 'message'>,
): StatusCondition => ({
  type: 'Accepted',
  ...part,
  ...(document.generation !== undefined && { observedGeneration: document.generation }),
})

/** The parsed form of a spec that `validateSpec` has nothing to say against. */
const parsed = <K extends KindName>(kind: K, spec: unknown): Specs[K] => kinds[kind].spec.parse(spec) as Specs[K]

/**
 * Decides what holds for one object. An object that does not compile is replaced by its last good spec, which must itself still compile, and
 * says so; nothing else waits for it.
 * @param duplicates number of objects with this kind and name; more than one is nobody's intent, so none of them counts
 */
export function accept<K extends KindName>(
  document: Document & { readonly kind: K },
  snapshot: Snapshot,
  duplicates: number,
): EffectiveObject<K> {
  const wrong = rejection(document, snapshot, duplicates)
  const identity = {
    kind: document.kind,
    name: document.name,
    ...(document.uid !== undefined && { uid: document.uid }),
  }
  if (!wrong) {
    const spec = parsed(document.kind, document.spec)
    const generation = document.generation !== undefined && { generation: document.generation }
    return {
      document,
      spec,
      accepted: condition(document, { status: 'True', reason: 'Accepted', message: 'The spec makes sense.' }),
      keep: { ...identity, ...generation, spec: document.spec },
    }
  }
  const kept = keptFor(document, snapshot)
  const usable = kept && !rejection({ ...document, spec: kept.spec }, snapshot, 1) ? kept : undefined
  const text = bounded(wrong.text)
  // What belongs elsewhere has no effect here at all, so there is nothing to say about what holds instead.
  const message = wrong.reason === 'OtherNamespace' ? text : `${text} (${inForce(document, usable)})`
  return {
    document,
    ...(usable && { spec: parsed(document.kind, usable.spec) }),
    accepted: condition(document, { status: 'False', reason: wrong.reason, message }),
    ...(kept && { keep: kept }),
  }
}
