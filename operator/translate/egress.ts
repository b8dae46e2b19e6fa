import type { Egress } from '../../crds/egress.ts'
import type { MCPServerSpec } from '../../crds/mcpserver.ts'
import { contains, isForbidden, privateNetworks, rangeOf, type Range } from '../../gateway/config/networks.ts'
import type { Missing } from './secrets.ts'

export type JudgedEgress = { readonly allowed: readonly Egress[]; readonly missing: readonly Missing[] }

const nowhere: Range = { family: 4, value: 0n, length: 33 }

function isAllowed({ cidr }: Egress, networks: readonly string[]): boolean {
  if (cidr === undefined) return true
  const range = rangeOf(cidr)
  // Of a range that is metadata itself nothing could be left out.
  if (range === undefined || isForbidden(range)) return false
  return [...privateNetworks, ...networks].some(one => contains(rangeOf(one) ?? nowhere, range))
}

/**
 * The destinations of a server that are within what the MCPGateway of its namespace allows: private ranges, and those that it names. An owner
 * of a server cannot open more; what is beyond stays closed, and the status says so.
 */
export function judgedEgress(spec: MCPServerSpec | undefined, networks: readonly string[]): JudgedEgress {
  const all = spec?.egress ?? []
  const beyond = all.filter(entry => !isAllowed(entry, networks))
  const text = (entry: Egress): string =>
    `spec.egress: ${entry.cidr} is outside the private ranges, so it stays closed: name it in MCPGateway.spec.servers.allowedNetworks`
  return {
    allowed: all.filter(entry => !beyond.includes(entry)),
    missing: beyond.map(entry => ({ reason: 'EgressNotAllowed', text: text(entry) })),
  }
}
