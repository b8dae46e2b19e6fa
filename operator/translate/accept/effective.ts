import type { KindName } from '../../../crds/index.ts'
import type { APIKeySpec } from '../../../crds/api-key.ts'
import type { GuardrailPolicySpec } from '../../../crds/guardrail-policy.ts'
import type { MCPGatewaySpec } from '../../../crds/mcp-gateway.ts'
import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import type { StatusCondition } from '../model/condition.ts'
import type { Generate } from '../model/desired.ts'
import type { Document } from '../model/document.ts'
import type { LastGood } from '../model/snapshot.ts'

export type Specs = {
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

/** An APIKey with the digests that are valid for it, and what is to be said of its making. */
export type EffectiveKey = {
  readonly object: EffectiveObject<'APIKey'>
  readonly digests: readonly string[]
  readonly generated?: StatusCondition
  readonly toGenerate?: Generate
}
