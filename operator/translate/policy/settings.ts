import { mcpGateway, type MCPGatewaySpec } from '../../../crds/mcp-gateway.ts'
import { fieldsOf } from '../../../gateway/config/traits.ts'
import type { EffectiveObject } from '../accept/effective.ts'
import { combined, type Layer } from './combine.ts'
import type { EgressCaps } from './egress.ts'

/** What holds for a namespace. */
export type Settings = {
  /** The MCPGateway that would say the same alone. */
  readonly spec: MCPGatewaySpec
  /** Which objects said so, by field; a field that no object sets has no origin. */
  readonly from: Readonly<Record<string, string>>
}

const fields = fieldsOf(mcpGateway.spec)

const hostOf = (url: string): string => new URL(url).host

/** A host of the floor stays accepted when a namespace has an address of its own. */
function hostsOf({ hosts }: MCPGatewaySpec, layers: readonly Layer<MCPGatewaySpec>[]): string[] | undefined {
  const [floor, own] = layers.flatMap(({ spec }) => spec.publicUrl ?? [])
  return floor === undefined || own === undefined ? hosts : [...new Set([hostOf(floor), ...(hosts ?? [])])]
}

/**
 * Combines the settings of the operator's own namespace with those of a namespace, which may only add: lists grow, of two answers to one
 * question the stricter holds, what the floor caps stays capped, and TLS once asked for stays on. Where evidence
 * goes is the floor's to say: a namespace neither hides it from the platform nor shows it to more people. Addresses are no limit: a namespace may have
 * its own public URL and certificate. The rule of each field stands with the field.
 */
export function combinedSettings(
  floor: Layer<MCPGatewaySpec> | undefined,
  own: Layer<MCPGatewaySpec> | undefined,
): Settings {
  const layers = [floor, own].flatMap(layer => layer ?? [])
  const { spec, from }: Settings = combined(fields, layers)
  const hosts = hostsOf(spec, layers)
  return { spec: { ...spec, ...(hosts && { hosts }) }, from }
}

/** What the egress of servers may open. */
export const egressOf = ({ spec }: Settings): EgressCaps['egress'] => ({
  ...spec.servers?.egress,
  networks: spec.servers?.egress?.networks ?? [],
})

/** The networks beyond the private ranges where servers may be. */
export const networksOf = ({ spec }: Settings): readonly string[] => spec.servers?.allowedNetworks ?? []

/** The layer of an MCPGateway that has a spec in force. */
export const layerOf = (
  object: EffectiveObject<'MCPGateway'> | undefined,
  origin: string,
): Layer<MCPGatewaySpec> | undefined => object?.spec && { origin, spec: object.spec }
