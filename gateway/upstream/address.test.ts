import { expect, test } from 'vitest'
import { addressJudge, podJudge, unfold } from './address.ts'

const refused: readonly string[] = [
  '127.0.0.1',
  '127.255.0.3',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::127.0.0.1',
  '64:ff9b:1::10.0.0.1',
  '64:ff9b:1:a9fe:a9:fe00:a00:1',
  '64:ff9b:1:ffff:ffff:ffff:a00:1',
  '64:ff9b:2::a00:1',
  '2002:7f00:1::',
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  '0.0.0.0',
  '::',
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  '8.8.8.8',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  'not an address',
]

const allowed: readonly string[] = [
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  'fc00::1',
  'fd12::9',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
]

/** What is refused although everything is allowed, by range and by name. */
const never: readonly string[] = [
  // Metadata, and what carries it: mapped, compatible, translated, NAT64, 6to4.
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '192.0.0.192', '100.100.100.200', '168.63.129.16'].flatMap(
    address => [address, `::ffff:${address}`, `::${address}`, `::ffff:0:${address}`, `64:ff9b::${address}`],
  ),
  '2002:a9fe:a9fe::1',
  '2002:c000:c0::',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  'fe80::a9fe:a9fe',
  // Special purposes (IANA).
  '0.1.2.3',
  '192.0.0.8',
  '192.0.0.170',
  '192.88.99.1',
  '239.1.1.1',
  '240.0.0.1',
  '255.255.255.255',
  '::2',
  '100::1',
  '100:0:0:1::1',
  '2001::1',
  '2001:1::1',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:30::1',
  '5f00::1',
  '4000::1',
  '8000::1',
  'f000::1',
  'fe00::1',
  'febf::1',
  'fec0::1',
  'ff0e::1',
  // Teredo, whose client address is complemented: that of 10.0.0.1.
  '2001:0:4136:e378:8000:63bf:f5ff:fffe',
  // ISATAP under any prefix, with and without the universal and the group bit, for any address.
  'fd00::5efe:a9fe:a9fe',
  'fd00::5efe:169.254.169.254',
  'fd00::200:5efe:169.254.169.254',
  'fd12:3456::100:5efe:10.0.0.1',
  'fd12:3456::300:5efe:10.0.0.1',
  '2606:4700::5efe:10.0.0.1',
  'fe80::5efe:10.0.0.1',
  // A translator with a prefix of the network's own, of each length (RFC 6052).
  'fd00:64:a9fe:a9fe::',
  'fd00:64:a9:fea9:fe::',
  'fd00:64:1:a9fe:a9:fe00::',
  'fd00:64:1:a9:fe:a9fe::',
  'fd00:64:1::a9:fea9:fe00:0',
  'fd00:64:1::169.254.169.254',
  'fd00:64:1::192.0.0.192',
  'fd00:64:1::127.0.0.1',
  '64:ff9b:1::10.0.0.1',
  '64:ff9b:ffff::10.0.0.1',
  // A loopback that is another host's.
  '64:ff9b::127.0.0.1',
  '2002:7f00:1::',
  '::ffff:0:127.0.0.1',
  // Zones.
  'fe80::1%1',
  'fd00::1%eth0',
  '::1%lo',
]

test.each(never)('%s is never dialled, whatever is allowed', address => {
  const judge = addressJudge(['0.0.0.0/0', '::/0', '127.0.0.0/8', '::1', 'fc00::/7', 'name.example', '*.example'])
  expect(judge('name.example', address)).toContain(address)
  expect(podJudge('localhost', address)).toContain(address)
})

test.each(refused)('%s is refused without allowedNetworks', address => {
  expect(addressJudge([])('name.example', address)).toContain(address)
})

test.each(allowed)('%s is private and allowed', address => {
  expect(addressJudge([])('name.example', address)).toBeUndefined()
})

test('loopback is allowed where a CIDR names it, and only then', () => {
  const judge = addressJudge(['127.0.0.0/8', '::1'])
  expect(judge('localhost', '127.0.0.1')).toBeUndefined()
  expect(judge('localhost', '::1')).toBeUndefined()
  expect(judge('localhost', '::ffff:127.0.0.1')).toBeUndefined()
  expect(addressJudge(['localhost'])('localhost', '127.0.0.1')).toBeDefined()
})

test('metadata and link-local addresses are refused whatever is allowed', () => {
  const judge = addressJudge(['0.0.0.0/0', '::/0', '*.example'])
  for (const address of [
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '64:ff9b:1:a9fe:a9:fe00:a00:1',
    '64:ff9b:1:a9fe:a9:fe00:a00:1%eth0',
    '64:ff9b:2::a00:1',
  ]) {
    expect(judge('a.example', address)).toBeDefined()
  }
  expect(judge('a.example', '8.8.8.8')).toBeUndefined()
})

test('a name pattern allows public addresses of that name alone', () => {
  const judge = addressJudge(['*.partner.example', 'api.example'])
  expect(judge('x.partner.example', '203.0.113.9')).toBeUndefined()
  expect(judge('X.PARTNER.EXAMPLE.', '203.0.113.9')).toBeUndefined()
  expect(judge('api.example', '203.0.113.9')).toBeUndefined()
  expect(judge('evilpartner.example', '203.0.113.9')).toBeDefined()
  expect(judge('partner.example', '203.0.113.9')).toBeDefined()
  expect(judge('b.api.example', '203.0.113.9')).toBeDefined()
})

test('a server in the same pod is dialled at loopback and nowhere else', () => {
  expect(podJudge('localhost', '127.0.0.1')).toBeUndefined()
  expect(podJudge('localhost', '::1')).toBeUndefined()
  expect(podJudge('localhost', '10.0.0.1')).toBeDefined()
})

test('a range of one family allows nothing of the other', () => {
  expect(addressJudge(['::/0'])('name.example', '8.8.8.8')).toBeDefined()
  expect(addressJudge(['::/0'])('name.example', '2606:4700::1111')).toBeUndefined()
  expect(addressJudge(['0.0.0.0/0'])('name.example', '2606:4700::1111')).toBeDefined()
  expect(addressJudge(['::ffff:203.0.113.0/120'])('name.example', '203.0.113.9')).toBeUndefined()
})

test('addresses that only look alike are dialled where they are allowed', () => {
  const judge = addressJudge(['2000::/3'])
  for (const address of [
    'fd00:5efe::1',
    'fd00::1:5efe:a00:1',
    'fd00:ec1:ffff::254',
    'fd00:c1::a9fe:a9ff',
    'fdff:ffff::1',
    '2001:200::1',
    '2606:4700::1111',
    '3fff:ffff::1',
    '64:ff9b::10.0.0.1',
    '::ffff:192.168.0.1',
  ])
    expect(judge('name.example', address)).toBeUndefined()
})

test('unfolding leaves ordinary addresses alone', () => {
  expect(unfold('10.0.0.1')).toBe('10.0.0.1')
  expect(unfold('fd12::9')).toBe('fd12:0:0:0:0:0:0:9')
  expect(unfold('64:ff9b::a00:1')).toBe('10.0.0.1')
  expect(unfold('64:ff9b:1::a00:1')).toBe('64:ff9b:1:0:0:0:a00:1')
})
