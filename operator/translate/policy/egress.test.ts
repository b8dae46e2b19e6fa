import { expect, test } from 'vitest'
import type { Egress } from '../../../crds/egress.ts'
import { allowedEgress, type EgressCaps } from './egress.ts'
import { block } from './peers.ts'

type Caps = { readonly networks?: readonly string[]; readonly namespaces?: readonly string[] }

const open = (entries: readonly Omit<Egress, 'ports'>[], { networks = [], namespaces }: Caps): unknown[] => {
  const caps: EgressCaps = {
    allowedNetworks: ['0.0.0.0/0'],
    egress: { networks, ...(namespaces && { namespaces }) },
    operatorNamespace: 'guards',
  }
  const egress = entries.map(entry => ({ ...entry, ports: [443] }))
  const { allowed, missing } = allowedEgress({ image: 'example/one:1', egress }, caps)
  expect(allowed.length + missing.length).toBe(entries.length)
  return allowed.map(({ cidr, namespace }) => cidr ?? namespace)
}

const ranges = (...all: string[]): { readonly cidr: string }[] => all.map(cidr => ({ cidr }))
const spaces = (...all: string[]): { readonly namespace: string }[] => all.map(namespace => ({ namespace }))

test('unless an MCPGateway names some, no address range is opened, be it private or not', () => {
  expect(open(ranges('10.0.0.0/8', '192.168.1.1/32', 'fd00::/8', '198.51.100.7/32', '0.0.0.0/0', '::/0'), {})).toEqual(
    [],
  )
})

test('unless an MCPGateway names some, every namespace may be named but those of the cluster and of the operator', () => {
  const wished = spaces('data', 'kube-system', 'kube-public', 'kube-node-lease', 'kube-flannel', 'guards', 'kubeflow')
  expect(open(wished, {})).toEqual(['data', 'kubeflow'])
})

test('what an MCPGateway names is exactly what may be named', () => {
  expect(open(spaces('data', 'kube-system', 'guards', 'cache'), { namespaces: ['cache', 'kube-system'] })).toEqual([
    'kube-system',
    'cache',
  ])
  expect(open(spaces('data'), { namespaces: [] })).toEqual([])
})

test('a range is opened when all of it lies in one that is named', () => {
  const networks = ['10.16.0.0/12', 'fd00:1::/32']
  const within = ['10.16.0.0/12', '10.31.255.255/32', '10.20.5.1/16', 'fd00:1::/32', 'FD00:1:ffff::/48']
  const beyond = [
    '10.0.0.0/8',
    '10.32.0.0/16',
    '0.0.0.0/0',
    '::/0',
    'fd00::/16',
    'fd00:2::/32',
    '::ffff:10.16.0.1/128',
    '::ffff:0:0/96',
  ]
  expect(open(ranges(...within), { networks })).toEqual(within)
  expect(open(ranges(...beyond), { networks })).toEqual([])
  expect(open(ranges('10.16.0.0/11'), { networks: ['10.16.0.0/12', '10.0.0.0/12'] })).toEqual([])
})

test('metadata and link-local addresses are opened where they are named, and not as a part of everything', () => {
  const wished = ranges('169.254.169.254/32', '169.254.20.10/32', '0.0.0.0/0', 'fe80::/10')
  expect(open(wished, { networks: ['0.0.0.0/0', '::/0'] })).toEqual(['0.0.0.0/0'])
  expect(open(wished, { networks: ['169.254.20.10/32'] })).toEqual(['169.254.20.10/32'])
})

test('a url opens no namespace and no address that it may not name', () => {
  const caps: EgressCaps = {
    allowedNetworks: ['203.0.113.0/24'],
    egress: { networks: [] },
    operatorNamespace: 'guards',
  }
  const isOpen = (host: string, more: Partial<EgressCaps> = {}): boolean =>
    allowedEgress({ url: `http://${host}/mcp` }, { ...caps, ...more }).isUrlOpen
  const closed = [
    'dns.kube-system.svc',
    'a.guards.svc.cluster.local',
    'a.kube-system.svc.',
    'dns.kube-system',
    'dns.kube-system.',
    'a.guards',
    'a.b.kube-system.svc.corp.example',
    '10-0-0-1.kube-system.pod.cluster.local',
    '198.51.100.1',
    '[::ffff:198.51.100.1]',
  ]
  const opened = [
    'a.data.svc',
    '10.1.2.3',
    '[fd00::1]',
    '203.0.113.7',
    '[::ffff:203.0.113.7]',
    'files.corp.example',
    'a.data',
    'one',
  ]
  expect(closed.filter(host => isOpen(host))).toEqual([])
  expect(opened.filter(host => !isOpen(host))).toEqual([])
  expect(isOpen('a.data.svc', { egress: { networks: [], namespaces: ['cache'] } })).toBe(false)
  for (const host of ['dns.kube-system.svc', 'dns.kube-system'])
    expect(isOpen(host, { egress: { networks: [], namespaces: ['kube-system'] } })).toBe(true)
})

test.each(['169.254.169.254/32', '169.254.0.0/17', '192.0.0.192/32', '100.100.100.200/32', '168.63.129.16/32'])(
  'egress to %s stays closed where everything is allowed',
  cidr => expect(open(ranges(cidr), { networks: ['0.0.0.0/0', '::/0'] })).toEqual([]),
)

const translated = ['64:ff9b::a9fe:a9fe/128', '64:ff9b::c000:c0/128', '2002:a9fe:a9fe::/48', '2002:a83f:8110:1::/64']

test.each([
  ...translated,
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
  'fd00:42::42/128',
  'fe80::/64',
])('egress to %s stays closed, although it lies in a range that is allowed', cidr =>
  expect(open(ranges(cidr), { networks: ['0.0.0.0/0', '::/0', 'fc00::/7'] })).toEqual([]),
)

test('what a translator leads to is opened as it is elsewhere', () => {
  const wished = ranges('64:ff9b::808:808/128', '64:ff9b::/96')
  expect(open(wished, { networks: ['::/0'] })).toEqual(['64:ff9b::808:808/128', '64:ff9b::/96'])
  const { except } = (block('64:ff9b::/96') as { readonly ipBlock: { readonly except: string[] } }).ipBlock
  expect(except).toContain('64:ff9b::a9fe:0/112')
  expect(except).toContain('64:ff9b::6464:64c8/128')
})
