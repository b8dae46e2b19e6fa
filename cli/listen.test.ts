import { describe, expect, test } from 'vitest'
import { listeners, requireProtection } from './listen.ts'

describe('--listen', () => {
  test.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['0.0.0.0:443', { host: '0.0.0.0', port: 443 }],
    ['[::]:443', { host: '::', port: 443 }],
    ['192.168.1.5:65535', { host: '192.168.1.5', port: 65_535 }],
  ])('%s is an address', (text, expected) => expect(listeners([text])).toEqual([expected]))

  test('without it, and with localhost, this machine alone is meant', () => {
    for (const { host } of [...listeners(undefined), ...listeners(['localhost:9000'])])
      expect(['127.0.0.1', '::1']).toContain(host)
    expect(listeners(undefined)[0]).toEqual({ host: '127.0.0.1', port: 8080 })
    expect(listeners(['localhost:9000'])[0]).toEqual({ host: '127.0.0.1', port: 9000 })
  })

  test.each([
    '8080',
    ':8080',
    'example.com:8080',
    '127.0.0.1',
    '127.0.0.1:65536',
    '127.0.0.1:',
    '::1:8080',
    '[::1]',
    '',
  ])('%j is a usage error', text => expect(() => listeners([text])).toThrow('write ADDRESS:PORT'))
})

describe('an address that others can reach', () => {
  const open = (...hosts: string[]) => hosts.map(host => ({ host, port: 80 }))

  test.each(['0.0.0.0', '::', '192.168.1.5', '128.0.0.1', '::ffff:127.0.0.1'])('%s needs TLS or a word', host => {
    expect(() => requireProtection(open('127.0.0.1', host), false, false)).toThrow('--insecure-listen')
    expect(() => requireProtection(open(host), true, false)).not.toThrow()
    expect(() => requireProtection(open(host), false, true)).not.toThrow()
  })

  test.each(['127.0.0.1', '127.1.2.3', '::1'])('%s is not one', host =>
    expect(() => requireProtection(open(host), false, false)).not.toThrow(),
  )
})
