import { validateName, validateSpec, type KindName } from '../../../crds/index.ts'
import { kinds } from '../../../crds/kinds.ts'
import type { Issue } from '../../../gateway/config/index.ts'
import { bounded, type StatusCondition } from '../model/condition.ts'
import type { Document } from '../model/document.ts'
import type { LastGood, Snapshot } from '../model/snapshot.ts'
import type { EffectiveObject, Specs } from './effective.ts'
import { impossible, type AcceptScope, type Rejection } from './impossible.ts'

const sentence = ({ path, message }: Issue): string => (path === '' ? message : `${path}: ${message}`)

function rejectionOf(document: Document, scope: AcceptScope, duplicates: number): Rejection | undefined {
  if (document.namespace !== scope.namespace) {
    const text = `the object is in namespace ${document.namespace}, but this gateway serves ${scope.namespace}: change metadata.namespace`
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
  return impossible(document, scope)
}

/** What is kept for an object, if it was kept for this very one: a deleted and recreated object has never compiled. */
function lastGoodFor(document: Document, lastGood: readonly LastGood[]): LastGood | undefined {
  return lastGood.find(
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
  // Others may have changed what is kept.
  return typeof kept.generation === 'number'
    ? `generation ${kept.generation} stays in force`
    : 'the last version that compiled stays in force'
}

const condition = (
  document: Document,
  part: Pick<StatusCondition, 'status' | 'reason' | 'message'>,
): StatusCondition => ({
  type: 'Accepted',
  ...part,
  ...(document.generation !== undefined && { observedGeneration: document.generation }),
})

/** The parsed form of a spec that `validateSpec` has nothing to say against, for which a spec that is missing is an empty one, too. */
const parsed = <K extends KindName>(kind: K, spec: unknown): Specs[K] => kinds[kind].spec.parse(spec ?? {}) as Specs[K]

/** An object that does not compile, and where it does not. */
export type RejectedObject<K extends KindName> = {
  readonly document: Document & { readonly kind: K }
  readonly rejection: Rejection
  readonly scope: AcceptScope
}

/**
 * Checks an object against its schema and against what a schema cannot see.
 * @param duplicates number of objects with this kind and name; more than one is no intent, so none of them counts
 */
export function checkObject<K extends KindName>(
  document: Document & { readonly kind: K },
  duplicates: number,
  namespace: string,
  standalone: boolean,
  urls: Snapshot['urls'],
): EffectiveObject<K> | RejectedObject<K> {
  const scope = { namespace, standalone, ...(urls && { urls }) }
  const rejection = rejectionOf(document, scope, duplicates)
  if (rejection) return { document, rejection, scope }
  const { kind, name, uid, generation, spec } = document
  return {
    document,
    spec: parsed(kind, spec),
    accepted: condition(document, { status: 'True', reason: 'Accepted', message: 'The spec makes sense.' }),
    keep: {
      kind,
      name,
      ...(uid !== undefined && { uid }),
      ...(generation !== undefined && { generation }),
      spec,
    },
  }
}

/** What holds instead of an object that was rejected: the last spec of it that compiled, which must itself still compile. */
export function withLastGood<K extends KindName>(
  { document, rejection, scope }: RejectedObject<K>,
  kept: LastGood | undefined,
): EffectiveObject<K> {
  const usable = kept && !rejectionOf({ ...document, spec: kept.spec }, scope, 1) ? kept : undefined
  const text = bounded(rejection.text)
  // What belongs elsewhere has no effect here at all, so there is nothing to say about what holds instead.
  const message = rejection.reason === 'OtherNamespace' ? text : `${text} (${inForce(document, usable)})`
  return {
    document,
    ...(usable && { spec: parsed(document.kind, usable.spec) }),
    accepted: condition(document, { status: 'False', reason: rejection.reason, message }),
    ...(kept && { keep: kept }),
  }
}

/** The steps of accepting one object, which a caller may wrap. */
export type AcceptSteps = { readonly check: typeof checkObject; readonly withLastGood: typeof withLastGood }

const plainSteps: AcceptSteps = { check: checkObject, withLastGood }

/**
 * Decides what holds for one object. An object that does not compile is replaced by its last good spec and says so; nothing else waits for it.
 * @param duplicates number of objects with this kind and name
 */
export function accept<K extends KindName>(
  document: Document & { readonly kind: K },
  snapshot: Snapshot,
  duplicates: number,
  steps = plainSteps,
): EffectiveObject<K> {
  const { namespace, standalone, urls, lastGood } = snapshot
  const checked = steps.check(document, duplicates, namespace, standalone, urls)
  return 'rejection' in checked ? steps.withLastGood(checked, lastGoodFor(document, lastGood)) : checked
}
