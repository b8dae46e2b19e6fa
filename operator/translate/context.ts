import type { Egress } from '../../crds/egress.ts'
import type { ServerRule } from '../../gateway/config/guardrails.ts'
import type { KeysFile } from '../../gateway/config/keys.ts'
import type { ServerTools } from '../../gateway/config/tools.ts'
import type { AcceptedNamespace } from './accept/accept-namespace.ts'
import type { EffectiveObject } from './accept/effective.ts'
import type { ServerSnapshot, SharedSnapshot } from './model/snapshot.ts'
import type { SelectedPolicies, SelectedPolicy } from './policy/policies.ts'
import { ruleCache } from './policy/rules.ts'
import type { ReservedSecrets, ResolvedSecrets, UnresolvedRef } from './policy/secrets.ts'
import { combinedSettings, layerOf, type Settings } from './policy/settings.ts'

/** What all servers of a namespace share: what its other objects, and those of the floor, come to. */
export type SharedContext = Pick<AcceptedNamespace, 'policies' | 'floor'> & {
  /** Who may come in: the same for every gateway of the namespace. */
  readonly keysFile: KeysFile
  /** There are more keys than a gateway takes, so the file has none. */
  readonly tooManyKeys: boolean
  /** What a set of policies comes to. */
  rulesOf(policies: readonly SelectedPolicy[]): readonly ServerRule[]
  /** What the MCPGateways of the floor and of the namespace come to. */
  readonly settings: Settings
  /** The MCPGateway called default, if there is one. */
  readonly gateway: EffectiveObject<'MCPGateway'> | undefined
  /** MCPGateways of other names, which the schema refuses: none of them can hold. */
  readonly unexpectedGateways: readonly EffectiveObject<'MCPGateway'>[]
  /** What of the snapshot is the same for all servers. */
  readonly snapshot: SharedSnapshot
}

/** Everything that the answer for a server may depend on, beside its own object. */
export type ServerContext = SharedContext & {
  readonly snapshot: ServerSnapshot
  readonly reserved: ReservedSecrets
  /** Whether any APIKey lets a caller in to the server. */
  readonly hasCallers: boolean
  /** Without a cluster: the one gateway has no room for the server. */
  readonly isOverLimit: boolean
}

/** What the configuration of a gateway depends on beside its servers. */
export type GatewayContext = Pick<SharedContext, 'snapshot' | 'settings' | 'keysFile'>

/** What the objects of a server depend on beside the server. */
export type ObjectContext = Pick<ServerContext, 'snapshot' | 'settings' | 'reserved'>

/** Everything that was decided about one server. */
export type ServerView = {
  readonly server: EffectiveObject<'MCPServer'>
  readonly selected: SelectedPolicies
  readonly rules: readonly ServerRule[]
  readonly tools: ServerTools
  readonly secrets: ResolvedSecrets
  /** The destinations that are within what the MCPGateway allows. */
  readonly egress: readonly Egress[]
  /** Whether its pod may reach what its `url` leads to. */
  readonly isUrlOpen: boolean
  /** What the server depends on and does not have. */
  readonly unresolved: readonly UnresolvedRef[]
  /** Why every call is refused, if so. */
  readonly refused?: string
}

/** What a shared context is made of: while none of these changes, neither does the context. */
export type SharedInputs = Pick<AcceptedNamespace, 'policies' | 'gateways' | 'floor'> &
  Pick<SharedContext, 'keysFile' | 'tooManyKeys' | 'snapshot'>

/** Combines the MCPGateways of a namespace and of the floor, and brings their settings together with what else servers share. */
export function sharedContext({ gateways, ...inputs }: SharedInputs): SharedContext {
  const { floor } = inputs
  const gateway = gateways.find(one => one.document.name === 'default')
  const layer = floor && layerOf(floor.settings, `MCPGateway/${floor.namespace}/default`)
  return {
    ...inputs,
    rulesOf: ruleCache(),
    settings: combinedSettings(layer, layerOf(gateway, 'MCPGateway/default')),
    gateway,
    unexpectedGateways: gateways.filter(one => one.document.name !== 'default'),
  }
}
