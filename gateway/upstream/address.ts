import { BlockList, isIP } from 'node:net'
import { forbiddenNetworks, metadataAddresses, privateNetworks, unassignedNetworks } from '../config/networks.ts'

/** Why an address must not be dialled, or undefined. */
export type AddressJudge = (hostname: string, address: string) => string | undefined

const loopback = ['127.0.0.0/8', '::1/128']

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), familyOf(address))
  }
  return list
}

/**
 * The prefixes beside the well-known one of NAT64, local ones among them (RFC 8215), are unassigned here: where the IPv4 address stands in them depends on
 * the translator's prefix, /48 to /96 (RFC 6052), which is not known here, so one that reads private may be dialled as another that is not.
 */
const forbiddenList = blockList(forbiddenNetworks)
// A list of its own, which no IPv4 address is asked for: to a BlockList that is the mapped one, which lies in ::/8.
const unassignedList = blockList(unassignedNetworks)
const loopbackList = blockList(loopback)
const within = (list: BlockList, address: string): boolean => list.check(address, familyOf(address))

/** The eight 16-bit groups of an IPv6 address, a dotted tail included; undefined for anything else. */
function groupsOf(address: string): number[] | undefined {
  const [bare = ''] = address.split('%')
  if (isIP(bare) !== 6) return undefined
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(bare)
  const text = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : bare
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...middle, ...right].map(group => Number.parseInt(group, 16))
}

/** Where an IPv4 address stands in an IPv6 one, by the prefix of its translator: /32, /40, /48, /56, /64 and /96 (RFC 6052, 2.2). */
const positions: readonly (readonly [number, number, number, number])[] = [
  [4, 5, 6, 7],
  [5, 6, 7, 9],
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
]

/** What no translator may be asked for: metadata, and a loopback that is not this pod's. */
const untranslated: ReadonlySet<string> = new Set([...metadataAddresses, '127.0.0.1'])

/**
 * Whether an IPv6 address reaches another host than it says: by ISATAP, whose tunnel is told by the interface identifier under any prefix (RFC 5214,
 * 6.1), or by a translator whose prefix is the network's own, for the addresses that matter most.
 */
function isDisguised(groups: readonly number[]): boolean {
  // The universal and the group bit of the identifier may be set or not.
  if ((groups[4]! & 0xfcff) === 0 && groups[5] === 0x5efe) return true
  const bytes = groups.flatMap(group => [group >> 8, group & 255])
  return positions.some(at => untranslated.has(at.map(byte => bytes[byte]).join('.')))
}

const dottedOf = (high: number, low: number): string => `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`

/** Prefixes that carry an IPv4 address, as groups, and the index of the group where it starts. */
const carriers: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { prefix: [0, 0, 0, 0, 0xffff, 0], at: 6 },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x2002], at: 1 },
  { prefix: [0, 0, 0, 0, 0, 0], at: 6 },
]

/** `::` and `::1` are addresses of their own, not IPv4-compatible ones. */
const isOwn = (groups: readonly number[]): boolean => groups.slice(0, 7).every(group => group === 0) && groups[7]! <= 1

/**
 * The address that a packet really reaches: IPv4-mapped, IPv4-translated and IPv4-compatible forms (RFC 4291, RFC 2765), NAT64 (RFC 6052)
 * and 6to4 (RFC 3056) unfolded to the IPv4 address inside.
 */
export function unfold(address: string): string {
  const groups = groupsOf(address)
  if (!groups) return address
  const carrier = isOwn(groups)
    ? undefined
    : carriers.find(({ prefix }) => prefix.every((group, at) => groups[at] === group))
  if (carrier) return dottedOf(groups[carrier.at]!, groups[carrier.at + 1]!)
  return groups.map(group => group.toString(16)).join(':')
}

type Allowed = { readonly four: BlockList; readonly six: BlockList; readonly names: readonly string[] }

/** An IPv6 network all of which stands for IPv4 addresses. */
const isMapped = (address: string, prefix: string | undefined): boolean =>
  (prefix === undefined || Number(prefix) >= 96) && isIP(unfold(address)) === 4

/** A list for each family: to a BlockList every IPv4 address is also the mapped one, so that `::/0` would mean all of both. */
function allowedOf(networks: readonly string[]): Allowed {
  const four = blockList(privateNetworks)
  const six = blockList(privateNetworks)
  const names: string[] = []
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address)
    if (family === 0) names.push(network.toLowerCase())
    else {
      const list = family === 4 || isMapped(address, prefix) ? four : six
      list.addSubnet(address, prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix), familyOf(address))
    }
  }
  return { four, six, names }
}

const named = (names: readonly string[], hostname: string): boolean =>
  names.some(name => (name.startsWith('*.') ? hostname.endsWith(name.slice(1)) : hostname === name))

/** Whether an address is no server's, whatever is allowed. */
function isNever(address: string, real: string): boolean {
  // A zone chooses the interface of this host; addresses that need one are link-local.
  if (address.includes('%')) return true
  if (within(loopbackList, real)) return !within(loopbackList, address)
  const groups = groupsOf(real)
  return within(forbiddenList, real) || (groups !== undefined && (within(unassignedList, real) || isDisguised(groups)))
}

/**
 * Judges every address before it is dialled. Private ranges are allowed, and what `networks` names: CIDRs, or host names, whose addresses may
 * then be public. Loopback needs a CIDR that names it; link-local, metadata, multicast and unassigned addresses, and tunnels, are refused always.
 */
export function addressJudge(networks: readonly string[]): AddressJudge {
  const { four, six, names } = allowedOf(networks)
  return (hostname, address) => {
    const real = unfold(address)
    if (isIP(real) === 0) return `${address} is not an address`
    if (isNever(address, real))
      return `${address} is never dialled (link-local, metadata, multicast, unassigned or a tunnel)`
    if (within(isIP(real) === 4 ? four : six, real)) return undefined
    if (within(loopbackList, real)) return `${address} is loopback, which allowedNetworks does not name`
    if (named(names, hostname.toLowerCase().replace(/\.$/, ''))) return undefined
    return `${address} is outside the private ranges and allowedNetworks`
  }
}

/** The judge for a server in the same pod: loopback and nothing else. */
export const podJudge: AddressJudge = (_, address) =>
  !address.includes('%') && within(loopbackList, address) ? undefined : `${address} is not this pod's loopback`
