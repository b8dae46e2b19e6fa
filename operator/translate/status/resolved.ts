import { conditionOf, conditionValue, type StatusCondition } from '../model/condition.ts'
import type { Document } from '../model/document.ts'
import type { UnresolvedRef } from '../policy/secrets.ts'

/** Whether everything exists that an object names; the first thing that is missing gives the reason. */
export function resolved(missing: readonly UnresolvedRef[], document: Document): StatusCondition {
  const [first] = missing
  const finding = first
    ? conditionValue('False', first.reason, missing.map(one => one.text).join('; '))
    : conditionValue('True', 'ResolvedRefs', 'Everything that the spec names exists.')
  return conditionOf('ResolvedRefs', finding, document)
}
