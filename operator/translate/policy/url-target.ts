import { privateNetworks, rangeOf, unmapped } from '../../../gateway/config/networks.ts'
import { block, dns, podsOf, tcp } from './peers.ts'

/** The namespace in `name.namespace.svc` and `name.namespace.svc.cluster.local`. */
export const namespaceIn = (host: string): string | undefined =>
  /^(?:[^.]+\.)+?([^.]+)\.svc(?:\.cluster\.local)?\.?$/.exec(host)?.[1]

export const isAddress = (host: string): boolean => rangeOf(host) !== undefined

const covers = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : pattern === host

/** Where a name may lead that only the DNS knows: the private ranges, those that are allowed, and anywhere if the name itself is. */
function ranges(host: string, allowed: readonly string[]): string[] {
  if (allowed.some(network => !rangeOf(network) && covers(network.toLowerCase(), host))) return ['0.0.0.0/0', '::/0']
  return [...privateNetworks, ...allowed.flatMap(network => (rangeOf(network) ? withLength(network) : []))]
}

const withLength = (address: string): string =>
  address.includes('/') ? address : `${address}/${address.includes(':') ? 128 : 32}`

/**
 * What the gateway of a `url` may reach. It is alone in its pod and judges every address that it dials; the policy is the second lock.
 *
 * A Service is dialled at one port and its pods are reached at another, which policies see and which is not known here, so of a Service's
 * namespace all TCP ports are open.
 */
export function urlTarget(url: string, allowed: readonly string[]): object[] {
  const { hostname, port, protocol } = new URL(url)
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  const host = unmapped(hostname.replace(/^\[|\]$/g, '')).toLowerCase()
  if (rangeOf(host)) return [{ to: [block(withLength(host))], ports: tcp(number) }]
  const namespace = namespaceIn(host)
  if (namespace !== undefined) return [{ to: [podsOf(namespace)], ports: [{ protocol: 'TCP' }] }, dns]
  return [{ to: ranges(host, allowed).map(block), ports: tcp(number) }, dns]
}
