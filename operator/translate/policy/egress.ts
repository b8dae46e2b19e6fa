import type { Egress } from '../../../crds/egress.ts'
import type { MCPServerSpec } from '../../../crds/mcp-server.ts'
import { isSubrange, privateNetworks, unmapped } from '../../../gateway/config/networks.ts'
import { closedNetworks } from './peers.ts'
import type { UnresolvedRef } from './secrets.ts'
import { isAddress, namespaceIn } from './url-target.ts'

export type AllowedEgress = {
  readonly allowed: readonly Egress[]
  readonly missing: readonly UnresolvedRef[]
  /** Whether the pod may reach what its `url` leads to. */
  readonly isUrlOpen: boolean
}

/** What decides which destinations may be opened. */
export type EgressCaps = {
  readonly allowedNetworks: readonly string[]
  /** Namespaces unset: what is usual. */
  readonly egress: { readonly networks: readonly string[]; readonly namespaces?: readonly string[] | undefined }
  readonly operatorNamespace: string
}

/** What is never a server's address (link-local, metadata, multicast) is opened only where it is named, and not as part of a wide range. */
const isNamed = (cidr: string, network: string): boolean =>
  isSubrange(cidr, network) && closedNetworks.every(one => !isSubrange(cidr, one) || isSubrange(network, one))

const usual = 'any but kube-* and that of the operator'

const isClosed = (namespace: string, operatorNamespace: string): boolean =>
  namespace === operatorNamespace || namespace.startsWith('kube-')

/** Whether the pods of a namespace may be reached: the API server's and the operator's surroundings only where an MCPGateway names them. */
function mayReach(namespace: string, { egress: { namespaces }, operatorNamespace }: EgressCaps): boolean {
  if (namespaces !== undefined) return namespaces.includes(namespace)
  return !isClosed(namespace, operatorNamespace)
}

function refusal({ cidr, namespace = '' }: Egress, caps: EgressCaps): string | undefined {
  const { networks, namespaces } = caps.egress
  if (cidr !== undefined) {
    if (networks.some(network => isNamed(cidr, network))) return undefined
    return `${cidr} does not lie in what MCPGateway.spec.servers.egress.networks allows (${listed(networks, 'none')})`
  }
  if (mayReach(namespace, caps)) return undefined
  return `namespace ${namespace} is not one that MCPGateway.spec.servers.egress.namespaces allows (${namespaces ? listed(namespaces, 'none') : usual})`
}

const maxListed = 10

const listed = (all: readonly string[], none: string): string =>
  all.length === 0 ? none : `${all.slice(0, maxListed).join(', ')}${all.length > maxListed ? ', …' : ''}`

/** Where a `url` may not lead although it may be written: the policy stays closed, as the gateway does. */
function urlRefusal(url: string, caps: EgressCaps): string | undefined {
  const host = unmapped(new URL(url).hostname.replace(/^\[|\]$/g, '')).toLowerCase()
  if (isAddress(host)) {
    if ([...privateNetworks, ...caps.allowedNetworks].some(network => isNamed(host, network))) return undefined
    return `${host} is outside the private ranges and of MCPGateway.spec.servers.allowedNetworks`
  }
  const namespace = namespaceIn(host)
  if (namespace !== undefined) return refusal({ namespace, ports: [] }, caps)
  const guess = lastNamespace.exec(host)?.[1] ?? ''
  return isClosed(guess, caps.operatorNamespace) ? refusal({ namespace: guess, ports: [] }, caps) : undefined
}

/**
 * What is a namespace in `name.namespace`, which the DNS of a cluster completes, and where the cluster has a domain of its own. It may be no more than the end
 * of a name, so it counts only where no name ends so.
 */
const lastNamespace = /^(?:[^.]+\.)+?([^.]+)(?:\.(?:svc|pod)(?:\..+)?)?\.?$/

/**
 * The destinations of a server that are within what the MCPGateways allow. The author of a server cannot open more, whichever user applies what they
 * wrote; what is beyond stays closed, and the status says so.
 */
export function allowedEgress(spec: MCPServerSpec | undefined, caps: EgressCaps): AllowedEgress {
  const entries = (spec?.egress ?? []).map((entry, at) => {
    const why = refusal(entry, caps)
    return { entry, text: why && `spec.egress[${at}]: ${why}, so it stays closed: have it named there` }
  })
  const why = spec?.url === undefined ? undefined : urlRefusal(spec.url, caps)
  const texts = [
    ...(why === undefined ? [] : [`spec.url: ${why}, so it stays closed`]),
    ...entries.flatMap(one => one.text ?? []),
  ]
  return {
    allowed: entries.filter(({ text }) => text === undefined).map(({ entry }) => entry),
    missing: texts.map(text => ({ reason: 'EgressNotAllowed', text })),
    isUrlOpen: why === undefined,
  }
}
