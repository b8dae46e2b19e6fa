import { conditionOf, found } from '../model/condition.ts'
import type { Condition } from '../model/desired.ts'
import type { Document } from '../model/document.ts'
import type { Missing } from '../policy/secrets.ts'

/** Whether everything exists that an object names; the first thing that is missing gives the reason. */
export function resolved(missing: readonly Missing[], document: Document): Condition {
  const [first] = missing
  const finding = first
    ? found('False', first.reason, missing.map(one => one.text).join('; '))
    : found('True', 'ResolvedRefs', 'Everything that the spec names exists.')
  return conditionOf('ResolvedRefs', finding, document)
}
