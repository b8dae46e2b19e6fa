import type { Egress } from '../../crds/egress.ts'
import type { ServerRule } from '../../gateway/config/guardrails.ts'
import type { KeysFile } from '../../gateway/config/keys.ts'
import type { ServerTools } from '../../gateway/config/tools.ts'
import type { Judged } from './accept/accept.ts'
import type { JudgedFloor } from './accept/floor.ts'
import type { JudgedKey } from './accept/accept-keys.ts'
import type { Guard, Policy } from './policy/policies.ts'
import type { Missing, Reserved, ResolvedSecrets } from './policy/secrets.ts'
import type { Settings } from './policy/settings.ts'
import type { Facts } from './model/snapshot.ts'

/** What all servers of a namespace share: its other objects, each judged for itself, and those of the floor. */
export type Common = {
  readonly policies: readonly Judged<'GuardrailPolicy'>[]
  /** Who may come in: the same for every gateway of the namespace. */
  readonly keysFile: KeysFile
  /** There are more keys than a gateway takes, so the file has none. */
  readonly tooManyKeys: boolean
  /** What a set of policies comes to. */
  rulesOf(policies: readonly Policy[]): readonly ServerRule[]
  /** What the MCPGateways of the floor and of the namespace come to. */
  readonly settings: Settings
  /** The MCPGateway called default, if there is one. */
  readonly gateway: Judged<'MCPGateway'> | undefined
  /** MCPGateways of other names, which the schema refuses: none of them can hold. */
  readonly strays: readonly Judged<'MCPGateway'>[]
  readonly floor: JudgedFloor | undefined
}

/** Everything that the answer for a server may depend on, beside its own object. */
export type Scene = Common & {
  readonly snapshot: Facts
  readonly reserved: Reserved
  /** Whether anybody could come in to a server. */
  readonly hasWayIn: (server: string) => boolean
  /** Without a cluster: servers for which the one gateway has no room. */
  readonly beyond: ReadonlySet<Judged<'MCPServer'>>
}

/** A namespace after each of its objects was judged for itself. */
export type Whole = Scene & {
  readonly servers: readonly Judged<'MCPServer'>[]
  readonly keys: readonly JudgedKey[]
  readonly gateways: readonly Judged<'MCPGateway'>[]
}

/** Everything that was decided about one server. */
export type ServerView = {
  readonly judged: Judged<'MCPServer'>
  readonly guard: Guard
  readonly rules: readonly ServerRule[]
  readonly tools: ServerTools
  readonly secrets: ResolvedSecrets
  /** The destinations that are within what the MCPGateway allows. */
  readonly egress: readonly Egress[]
  /** Whether its pod may reach what its `url` leads to. */
  readonly isUrlOpen: boolean
  /** What the server depends on and does not have. */
  readonly missing: readonly Missing[]
  /** Why every call is refused, if so. */
  readonly refused?: string
}
