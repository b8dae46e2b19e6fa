import type { Egress } from '../../crds/egress.ts'
import type { ServerRule } from '../../gateway/config/guardrails.ts'
import type { KeysFile } from '../../gateway/config/keys.ts'
import type { ServerTools } from '../../gateway/config/tools.ts'
import type { EffectiveObject } from './accept/accept.ts'
import type { EffectiveFloor } from './accept/floor.ts'
import type { EffectiveKey } from './accept/accept-keys.ts'
import type { SelectedPolicies, SelectedPolicy } from './policy/policies.ts'
import type { UnresolvedRef, ReservedSecrets, ResolvedSecrets } from './policy/secrets.ts'
import type { Settings } from './policy/settings.ts'
import type { ServerSnapshot } from './model/snapshot.ts'

/** What all servers of a namespace share: its other objects, each server for itself, and those of the floor. */
export type SharedContext = {
  readonly policies: readonly EffectiveObject<'GuardrailPolicy'>[]
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
  readonly floor: EffectiveFloor | undefined
}

/** Everything that the answer for a server may depend on, beside its own object. */
export type ServerContext = SharedContext & {
  readonly snapshot: ServerSnapshot
  readonly reserved: ReservedSecrets
  /** Whether anybody could come in to a server. */
  readonly hasCallers: (server: string) => boolean
  /** Without a cluster: servers for which the one gateway has no room. */
  readonly overLimit: ReadonlySet<EffectiveObject<'MCPServer'>>
}

/** A namespace after each of its objects was server for itself. */
export type NamespaceContext = ServerContext & {
  readonly servers: readonly EffectiveObject<'MCPServer'>[]
  readonly keys: readonly EffectiveKey[]
  readonly gateways: readonly EffectiveObject<'MCPGateway'>[]
}

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
