import { expect, test } from 'vitest'
import { judgedEgress } from './egress.ts'

const allowed = (cidr: string, networks: readonly string[] = ['0.0.0.0/0', '::/0']): boolean =>
  judgedEgress({ egress: [{ cidr, ports: [80] }] }, networks).allowed.length === 1

test.each(['169.254.169.254/32', '169.254.0.0/17', '192.0.0.192/32', '100.100.100.200/32', '168.63.129.16/32'])(
  'egress to %s stays closed, whatever is allowed',
  cidr => expect(allowed(cidr)).toBe(false),
)

test.each(['fd00:ec2::254/128', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128', 'fd00:42::42/128', 'fe80::/64'])(
  'egress to %s stays closed, although it lies in a private range or in what is allowed',
  cidr => expect(allowed(cidr)).toBe(false),
)

test('egress to a range with such addresses in it is opened without them', () => {
  expect(allowed('fc00::/7', [])).toBe(true)
  expect(allowed('100.64.0.0/10')).toBe(true)
})
