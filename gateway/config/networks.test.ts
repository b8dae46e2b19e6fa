import { describe, expect, test } from 'vitest'
import { contains, forbiddenNetworks, privateNetworks, rangeOf, unmapped } from './networks.ts'

describe('a range', () => {
  test.each([...forbiddenNetworks, ...privateNetworks, '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8', '::', '10.1.2.3'])(
    '%s is read',
    text => expect(rangeOf(text)).toBeDefined(),
  )

  test.each([
    '',
    'name.example',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fd00::1::2',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    'fd00::g',
    '::1.2.3',
    'fd00::/129',
  ])('%j is none', text => expect(rangeOf(text)).toBeUndefined())

  test.each([
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.0.0.0/8', '10.0.0.0/7', false],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['172.16.0.0/12', '172.31.255.0/24', true],
    ['172.16.0.0/12', '172.32.0.0/16', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['fc00::/7', 'fd12:3456::/32', true],
    ['fc00::/7', 'fe80::1', false],
    ['::/0', '10.0.0.1', false],
    ['::ffff:10.0.0.0/104', '::ffff:10.9.9.9', true],
  ])('%s holds %s: %s', (outer, inner, holds) => {
    expect(contains(rangeOf(outer)!, rangeOf(inner)!)).toBe(holds)
  })
})

test.each([
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['::ffff:a01:203', '10.1.2.3'],
  ['fd00::1', 'fd00::1'],
  ['10.1.2.3', '10.1.2.3'],
  ['name.example', 'name.example'],
])('%s reaches %s', (address, real) => expect(unmapped(address)).toBe(real))
