import type { MCPGatewaySpec } from '../../../crds/mcp-gateway.ts'
import { contains, intersection, rangeOf } from '../../../gateway/config/networks.ts'
import type { EffectiveObject } from '../accept/effective.ts'

type Limits = NonNullable<MCPGatewaySpec['limits']>

/** An MCPGateway with the name under which statuses speak of it. */
export type Layer = { readonly origin: string; readonly spec: MCPGatewaySpec }

type Scraper = NonNullable<NonNullable<MCPGatewaySpec['metrics']>['scrapers']>[number]

/** What holds for a namespace, and which objects said so, field by field; a field that nobody set has no origin. */
export type Settings = {
  readonly publicUrl?: string
  readonly hosts: readonly string[]
  readonly origins?: readonly string[]
  readonly onFailure?: 'Refuse' | 'Drop'
  readonly auditOutput?: 'Stdout' | 'File'
  readonly limits?: Limits
  readonly tls?: { readonly secretName: string }
  readonly allowedNetworks: readonly string[]
  /** What the egress of servers may open. Namespaces unset: what is usual. */
  readonly egress: { readonly networks: readonly string[]; readonly namespaces?: readonly string[] }
  readonly scrapers: readonly Scraper[]
  readonly from: Readonly<Record<string, string>>
}

const distinct = <T>(items: readonly T[]): T[] => [
  ...new Map(items.map(item => [JSON.stringify(item), item] as const)).values(),
]

const isWithin = (network: string, caps: readonly string[]): boolean => {
  if (caps.includes(network)) return true
  const inner = rangeOf(network)
  return inner !== undefined && caps.some(cap => contains(rangeOf(cap) ?? { family: 4, value: 0n, length: 33 }, inner))
}

/** A cap: where the floor says something, a namespace may choose among it and not beyond. */
function cappedNetworks([floor, own]: Layers): readonly string[] {
  const [most, chosen] = [floor?.spec.servers?.allowedNetworks, own?.spec.servers?.allowedNetworks]
  if (most === undefined || chosen === undefined) return chosen ?? most ?? []
  return chosen.filter(network => isWithin(network, most))
}

/** What both sides name; where one says nothing, what the other says. */
function cappedEgress(layers: Layers): Settings['egress'] {
  const [floor, own] = layers.map(layer => layer?.spec.servers?.egress)
  const both = <T>(most: T | undefined, chosen: T | undefined, common: (most: T, chosen: T) => T): T | undefined =>
    most === undefined || chosen === undefined ? (chosen ?? most) : common(most, chosen)
  const namespaces = both(floor?.namespaces, own?.namespaces, (most, chosen) =>
    chosen.filter(namespace => most.includes(namespace)),
  )
  return {
    networks: both(floor?.networks, own?.networks, intersection) ?? [],
    ...(namespaces && { namespaces }),
  }
}

/** The floor, then the namespace's own. */
type Layers = readonly [floor: Layer | undefined, own: Layer | undefined]

const hostOf = (url: string): string => new URL(url).host

/** A host of the floor stays accepted when a namespace has an address of its own. */
function hostsOf(layers: Layers): string[] {
  const [floor, own] = layers.map(layer => layer?.spec.publicUrl)
  return distinct([
    ...(floor !== undefined && own !== undefined ? [hostOf(floor)] : []),
    ...layers.flatMap(layer => layer?.spec.hosts ?? []),
  ])
}

function strictestAudit(layers: Layers): Settings['onFailure'] {
  const said = layers.flatMap(layer => layer?.spec.audit?.onFailure ?? [])
  return said.includes('Refuse') ? 'Refuse' : said[0]
}

function auditSettings(layers: Layers): Pick<Settings, 'onFailure' | 'auditOutput'> {
  const [floor, own] = layers.map(layer => layer?.spec.audit)
  const onFailure = strictestAudit(layers)
  const auditOutput = floor?.output ?? own?.output
  return { ...(onFailure && { onFailure }), ...(auditOutput && { auditOutput }) }
}

/** Of two limits the smaller holds. */
function smallestLimits(layers: Layers): Limits | undefined {
  const smallest = (field: keyof Limits): Limits => {
    const said = layers.flatMap(layer => layer?.spec.limits?.[field] ?? [])
    return said.length > 0 ? { [field]: Math.min(...said) } : {}
  }
  const limits = { ...smallest('maxConnections'), ...smallest('maxConnectionsPerIp') }
  return Object.keys(limits).length > 0 ? limits : undefined
}

const readers: Readonly<Record<string, (spec: MCPGatewaySpec) => unknown>> = {
  publicUrl: spec => spec.publicUrl,
  hosts: spec => spec.hosts,
  origins: spec => spec.origins,
  'audit.onFailure': spec => spec.audit?.onFailure,
  'audit.output': spec => spec.audit?.output,
  'limits.maxConnections': spec => spec.limits?.maxConnections,
  'limits.maxConnectionsPerIp': spec => spec.limits?.maxConnectionsPerIp,
  'tls.secretName': spec => spec.tls?.secretName,
  'servers.allowedNetworks': spec => spec.servers?.allowedNetworks,
  'servers.egress.networks': spec => spec.servers?.egress?.networks,
  'servers.egress.namespaces': spec => spec.servers?.egress?.namespaces,
  'metrics.scrapers': spec => spec.metrics?.scrapers,
}

/** The layer whose limit holds. */
const smallestOf = (field: string, layers: readonly (Layer | undefined)[]): Layer | undefined =>
  layers.toSorted((a, b) => Number(readers[field]!(a!.spec)) - Number(readers[field]!(b!.spec)))[0]

/** Fields of which one object's value holds; of all others both have a part. */
function holder(field: string, layers: Layers, settings: Omit<Settings, 'from'>): readonly (Layer | undefined)[] {
  const [floor, own] = layers
  const setting = (layer: Layer | undefined): boolean =>
    layer !== undefined && readers[field]!(layer.spec) !== undefined
  if (field === 'publicUrl' || field === 'tls.secretName') return [setting(own) ? own : floor]
  if (field === 'audit.output') return [setting(floor) ? floor : own]
  if (field === 'audit.onFailure')
    return [layers.find(layer => layer?.spec.audit?.onFailure === settings.onFailure && setting(layer))]
  if (field.startsWith('limits.')) return [smallestOf(field, layers.filter(setting))]
  return layers.filter(setting)
}

/**
 * Combines the settings of the operator's own namespace with those of a namespace, which may only add: lists grow, of two answers to one
 * question the stricter holds, what the floor caps stays capped, and TLS once asked for stays on. Where evidence
 * goes is the floor's to say: a namespace neither hides it from the platform nor shows it to more people. Addresses are no limit: a namespace may have
 * its own public URL and certificate.
 */
export function combinedSettings(floor: Layer | undefined, own: Layer | undefined): Settings {
  const layers: Layers = [floor, own]
  const specs = layers.flatMap(layer => layer?.spec ?? [])
  const publicUrl = own?.spec.publicUrl ?? floor?.spec.publicUrl
  const tls = own?.spec.tls ?? floor?.spec.tls
  const limits = smallestLimits(layers)
  const settings = {
    ...(publicUrl !== undefined && { publicUrl }),
    hosts: hostsOf(layers),
    ...(specs.some(spec => spec.origins) && { origins: distinct(specs.flatMap(spec => spec.origins ?? [])) }),
    ...auditSettings(layers),
    ...(limits && { limits }),
    ...(tls && { tls }),
    allowedNetworks: cappedNetworks(layers),
    egress: cappedEgress(layers),
    scrapers: distinct(specs.flatMap(spec => spec.metrics?.scrapers ?? [])),
  }
  const from = Object.keys(readers).flatMap(field => {
    const origins = holder(field, layers, settings).flatMap(layer =>
      layer && readers[field]!(layer.spec) !== undefined ? [layer.origin] : [],
    )
    return origins.length > 0 ? [[field, origins.join(', ')] as const] : []
  })
  return { ...settings, from: Object.fromEntries(from) }
}

/** The layer of an MCPGateway that has a spec in force. */
export const layerOf = (object: EffectiveObject<'MCPGateway'> | undefined, origin: string): Layer | undefined =>
  object?.spec && { origin, spec: object.spec }
