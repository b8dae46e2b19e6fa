import { sortedBy, type Document, type readDocument } from '../model/document.ts'
import { guardName } from '../model/names.ts'
import type { LastGood, Snapshot } from '../model/snapshot.ts'
import type { AcceptSteps } from './accept.ts'
import { effectiveKeys } from './accept-keys.ts'
import { effectiveObjects } from './accept-kind.ts'
import type { EffectiveKey, EffectiveObject } from './effective.ts'
import { effectiveFloor, type EffectiveFloor } from './floor.ts'

/** The objects of a namespace, and of the floor above it, each with what is in force of it. */
export type AcceptedNamespace = {
  readonly servers: readonly EffectiveObject<'MCPServer'>[]
  readonly keys: readonly EffectiveKey[]
  readonly policies: readonly EffectiveObject<'GuardrailPolicy'>[]
  readonly gateways: readonly EffectiveObject<'MCPGateway'>[]
  readonly floor: EffectiveFloor | undefined
}

/** Accepts the objects of a namespace, one by one; of keys also what two of them claim. */
export function acceptNamespace(
  documents: readonly Document[],
  snapshot: Snapshot,
  steps: AcceptSteps & { readonly read: typeof readDocument },
): AcceptedNamespace {
  const servers = effectiveObjects('MCPServer', documents, snapshot, steps)
  const guards = new Set(servers.map(server => guardName(server.document.name)))
  return {
    servers,
    keys: effectiveKeys(effectiveObjects('APIKey', documents, snapshot, steps), guards, snapshot),
    policies: effectiveObjects('GuardrailPolicy', documents, snapshot, steps),
    gateways: effectiveObjects('MCPGateway', documents, snapshot, steps),
    floor: effectiveFloor(snapshot, steps),
  }
}

/** What to keep for the day on which an object does not compile. */
export function lastGoodOf({ servers, keys, policies, gateways }: AcceptedNamespace): LastGood[] {
  const all = [...servers, ...policies, ...keys.map(({ object }) => object), ...gateways]
  return sortedBy(
    all.flatMap(({ keep }) => keep ?? []),
    kept => JSON.stringify([kept.kind, kept.name]),
  )
}
