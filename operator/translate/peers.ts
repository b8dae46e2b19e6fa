import type { Egress } from '../../crds/egress.ts'
import { contains, forbiddenNetworks, rangeOf } from '../../gateway/config/networks.ts'

/** A name that every namespace carries by itself and nobody can change (Kubernetes 1.22). */
const namespaceLabel = 'kubernetes.io/metadata.name'

/** Pods of a namespace, all of them or those that carry some labels. */
export const podsOf = (namespace: string, podLabels?: Readonly<Record<string, string>>): object => ({
  namespaceSelector: { matchLabels: { [namespaceLabel]: namespace } },
  ...(podLabels && { podSelector: { matchLabels: podLabels } }),
})

/** An address range, without the addresses in it that are never a server's: link-local, metadata, multicast. */
export function block(cidr: string): object {
  const outer = rangeOf(cidr)
  const except = forbiddenNetworks.filter(network => {
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
 * DNS of the cluster, and of nobody else: who may ask any server may tell it anything. Policies see the port of the pod, so a cluster whose DNS
 * listens elsewhere (8053, 5353) or on the node (169.254.20.10) needs an egress of its own.
 */
export const dns = {
  to: [podsOf('kube-system', { 'k8s-app': 'kube-dns' })],
  ports: portsOf([53]),
} as const
