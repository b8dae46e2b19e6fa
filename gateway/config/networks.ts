/**
 * Never a server's address, whatever is allowed: this host's own, link-local, cloud metadata, protocol assignments, relays and tunnels, multicast
 * (IANA IPv4 and IPv6 Special-Purpose Address Registries). Policies of a pod leave them out of what they open.
 */
export const forbiddenNetworks: readonly string[] = [
  '0.0.0.0/8',
  // AWS, Azure, Google and others at 169.254.169.254, the credentials of ECS and EKS at 169.254.170.2 and .23.
  '169.254.0.0/16',
  // IETF protocol assignments; Oracle Cloud at Customer answers at 192.0.0.192.
  '192.0.0.0/24',
  '192.88.99.0/24',
  // Alibaba Cloud, and the wire server of Azure.
  '100.100.100.200/32',
  '168.63.129.16/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'fec0::/10',
  // AWS, all of whose services of an instance are there; Google; Oracle; Scaleway.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
  'fd00:42::42/128',
  'ff00::/8',
  // IETF protocol assignments, Teredo among them.
  '2001::/23',
]

/**
 * IPv6 that is unassigned, or assigned to translation, or to routing inside of a network (SRv6). No server lives there; what is dialled there goes where only
 * a router knows.
 */
export const unassignedNetworks: readonly string[] = [
  '::/8',
  '100::/8',
  '200::/7',
  '400::/6',
  '800::/5',
  '1000::/4',
  '4000::/2',
  '8000::/2',
  'c000::/3',
  'e000::/4',
  'f000::/5',
  'f800::/6',
  'fe00::/9',
]

/** Addresses by which a machine or a pod is told who it is, with which credentials. */
export const metadataAddresses: readonly string[] = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
]

/** Where servers live unless an MCPGateway says otherwise. */
export const privateNetworks: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']

/** An address range; a single address is one of full length. */
export type Range = { readonly family: 4 | 6; readonly value: bigint; readonly length: number }

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n)
}

/** A dotted tail as the two groups that it stands for. */
function undotted(text: string): string | undefined {
  const tail = text.lastIndexOf(':') + 1
  const dotted = text.slice(tail)
  if (tail === 0 || !dotted.includes('.')) return text
  const value = ipv4(dotted)
  return value === undefined
    ? undefined
    : `${text.slice(0, tail)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
}

const groupsIn = (part: string): string[] => (part === '' ? [] : part.split(':'))

function ipv6(text: string): bigint | undefined {
  const sides = undotted(text)?.split('::')
  if (sides === undefined || sides.length > 2) return undefined
  const [left, right] = [groupsIn(sides[0] ?? ''), groupsIn(sides[1] ?? '')]
  const absent = 8 - left.length - right.length
  if (sides.length === 1 ? absent !== 0 : absent < 1) return undefined
  const groups = [...left, ...Array.from({ length: absent }, () => '0'), ...right]
  if (!groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n)
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address. Undefined for anything else, such as a name. */
export function rangeOf(text: string): Range | undefined {
  const [address = '', length, ...more] = text.split('/')
  if (more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined
  const family = address.includes(':') ? 6 : 4
  const value = family === 6 ? ipv6(address) : ipv4(address)
  const bits = family === 6 ? 128 : 32
  const prefix = length === undefined ? bits : Number(length)
  return value === undefined || prefix > bits ? undefined : { family, value, length: prefix }
}

const bitsOf = ({ family }: Range): number => (family === 6 ? 128 : 32)

/** Whether every address of the inner range lies in the outer one. */
export function contains(outer: Range, inner: Range): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false
  const shift = BigInt(bitsOf(outer) - outer.length)
  return outer.value >> shift === inner.value >> shift
}

/** The ranges that lie in one of each side: of two that overlap, one contains the other. */
export function intersection(left: readonly string[], right: readonly string[]): string[] {
  const within = (some: readonly string[], others: readonly string[]): string[] =>
    some.filter(one => others.some(other => isSubrange(one, other)))
  return [...new Set([...within(left, right), ...within(right, left)])]
}

/** Whether a range lies in another, both as text; what is no range lies nowhere. */
export function isSubrange(inner: string, outer: string): boolean {
  const [within, around] = [rangeOf(inner), rangeOf(outer)]
  return within !== undefined && around !== undefined && contains(around, within)
}

/** The IPv4 address that an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) stands for, as text; any other text as it is. */
export function unmapped(address: string): string {
  const range = rangeOf(address)
  if (range?.family !== 6 || range.value >> 32n !== 0xffffn) return address
  return [24n, 16n, 8n, 0n].map(shift => String((range.value >> shift) & 255n)).join('.')
}
