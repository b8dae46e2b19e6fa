import type { Egress } from '../../../crds/egress.ts'
import { contains, forbiddenNetworks, rangeOf } from '../../../gateway/config/networks.ts'

/** A label that the API server sets on every namespace and that cannot be changed (Kubernetes 1.22). */
const namespaceLabel = 'kubernetes.io/metadata.name'

/** Pods of a namespace, all of them or those that carry some labels. */
export const podsOf = (namespace: string, podLabels?: Readonly<Record<string, string>>): object => ({
  namespaceSelector: { matchLabels: { [namespaceLabel]: namespace } },
  ...(podLabels && { podSelector: { matchLabels: podLabels } }),
})

const hex = (value: bigint): string => value.toString(16)

/** The ranges of IPv6 by which a translator (64:ff9b::/96, RFC 6052) or a tunnel (2002::/16, RFC 3056) leads to a range of IPv4. */
function carried(network: string): string[] {
  const range = rangeOf(network)
  if (range?.family !== 4) return []
  const [high, low] = [range.value >> 16n, range.value & 0xffffn]
  const translated = range.value === 0n ? '64:ff9b::' : `64:ff9b::${hex(high)}:${hex(low)}`
  const groups = [0x2002n, high, low]
    .map(hex)
    .join(':')
    .replace(/(?::0){1,2}$/, '')
  return [`${translated}/${96 + range.length}`, `${groups}::/${16 + range.length}`]
}

/** What is opened only where it is named, in each spelling of its addresses. */
export const closedNetworks: readonly string[] = [...forbiddenNetworks, ...forbiddenNetworks.flatMap(carried)]

/** An address range, without the addresses in it that are never a server's: link-local, metadata, multicast. */
export function block(cidr: string): object {
  const outer = rangeOf(cidr)
  const except = closedNetworks.filter(network => {
    const inner = rangeOf(network)
    return outer && inner && inner.length > outer.length && contains(outer, inner)
  })
  return { ipBlock: { cidr, ...(except.length > 0 && { except }) } }
}

export const tcp = (...ports: readonly number[]): object[] => ports.map(port => ({ protocol: 'TCP', port }))

/** Port 53 is DNS, which speaks both. */
const portsOf = (ports: readonly number[]): object[] => [
  ...tcp(...ports),
  ...(ports.includes(53) ? [{ protocol: 'UDP', port: 53 }] : []),
]

/** What an entry of `egress` opens. */
export const opened = ({ cidr, namespace, podLabels, ports }: Egress): object => ({
  to: [cidr === undefined ? podsOf(namespace ?? '', podLabels) : block(cidr)],
  ports: portsOf(ports),
})

/**
 * DNS of the cluster and no other: a pod that may ask any DNS server can send it anything. Policies see the port of the pod, so a cluster whose DNS
 * listens elsewhere (8053, 5353) or on the node (169.254.20.10) needs an egress of its own.
 */
export const dns = {
  to: [podsOf('kube-system', { 'k8s-app': 'kube-dns' })],
  ports: portsOf([53]),
} as const
