import type { KeysFile } from '../../gateway/config/keys.ts'
import { checkObject, withLastGood } from './accept/accept.ts'
import type { EffectiveFloor } from './accept/floor.ts'
import { fileText } from './configuration/file-text.ts'
import { sharedContext } from './context.ts'
import { latest, perName, perObject, sameFields, sameText } from './memo.ts'
import { readDocument } from './model/document.ts'
import type { SharedSnapshot } from './model/snapshot.ts'
import { planServer, type PlanInputs } from './plan.ts'
import type { ServerFacts } from './server-facts.ts'

/** A server is planned anew when its object, what all servers share, or what is said about it alone has changed. */
function planRemembered(): typeof planServer {
  const plan = latest(planServer)
  const same = sameText<ServerFacts>(JSON.stringify)
  return inputs => plan({ ...inputs, facts: same(inputs.facts) })
}

/**
 * The steps of a translation, each wrapped so that it does again only what it must: what was worked out when a namespace was planned before is found
 * again by everything that it was made of, and nothing comes out otherwise than without it. One for each namespace. Objects are told apart by identity,
 * so a snapshot must bring those that have not changed as the very same, and change none.
 */
export class RememberedSteps {
  readonly read = perObject(readDocument)
  readonly check = perObject(checkObject)
  readonly withLastGood = perObject(withLastGood)
  readonly floor = sameFields<EffectiveFloor>()
  readonly sharedSnapshot = sameFields<SharedSnapshot>()
  readonly keysFile = sameText<KeysFile>(fileText)
  readonly share = latest(sharedContext)
  readonly plan = perName(({ server }: PlanInputs) => server.document.name, planRemembered)
}
