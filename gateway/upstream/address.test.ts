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

test('unfolding leaves ordinary addresses alone', () => {
  expect(unfold('10.0.0.1')).toBe('10.0.0.1')
  expect(unfold('fd12::9')).toBe('fd12:0:0:0:0:0:0:9')
  expect(unfold('64:ff9b::a00:1')).toBe('10.0.0.1')
  expect(unfold('64:ff9b:1::a00:1')).toBe('64:ff9b:1:0:0:0:a00:1')
})
