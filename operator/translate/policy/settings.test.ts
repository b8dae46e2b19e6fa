import { describe, expect, test } from 'vitest'
import type { MCPGatewaySpec } from '../../../crds/mcp-gateway.ts'
import { combinedSettings, egressOf, networksOf } from './settings.ts'

const combined = (floor: MCPGatewaySpec | undefined, own: MCPGatewaySpec | undefined) =>
  combinedSettings(floor && { origin: 'floor', spec: floor }, own && { origin: 'own', spec: own })

describe('the settings of a namespace under a floor', () => {
  test('are its own where the floor says nothing', () => {
    const own = { publicUrl: 'https://own.example', servers: { allowedNetworks: ['203.0.113.0/24'] } }
    expect(combined(undefined, own)).toMatchObject({
      spec: own,
      from: { publicUrl: 'own', 'servers.allowedNetworks': 'own' },
    })
  })

  test.each([
    ['Refuse', 'Drop', 'Refuse', 'floor'],
    ['Drop', 'Refuse', 'Refuse', 'own'],
    ['Drop', 'Drop', 'Drop', 'floor'],
  ] as const)('of audit %s above and %s below %s holds', (above, below, holds, origin) => {
    const settings = combined({ audit: { onFailure: above } }, { audit: { onFailure: below } })
    expect(settings).toMatchObject({ spec: { audit: { onFailure: holds } }, from: { 'audit.onFailure': origin } })
  })

  test.each([
    ['Stdout', 'File', 'Stdout', 'floor'],
    ['File', 'Stdout', 'File', 'floor'],
    [undefined, 'File', 'File', 'own'],
  ] as const)('write audit lines where the floor says: %s above and %s below is %s', (above, below, holds, origin) => {
    const settings = combined({ audit: { ...(above && { output: above }) } }, { audit: { output: below } })
    expect(settings).toMatchObject({ spec: { audit: { output: holds } }, from: { 'audit.output': origin } })
  })

  test('can lower a limit of the floor and not raise it', () => {
    const floor = { limits: { maxConnections: 500, maxConnectionsPerIp: 20 } }
    expect(combined(floor, { limits: { maxConnections: 9000, maxConnectionsPerIp: 10 } })).toMatchObject({
      spec: { limits: { maxConnections: 500, maxConnectionsPerIp: 10 } },
      from: { 'limits.maxConnections': 'floor', 'limits.maxConnectionsPerIp': 'own' },
    })
    expect(combined(floor, {})).toMatchObject({ spec: floor })
    expect(combined(undefined, { limits: { maxConnections: 16 } })).toMatchObject({
      spec: { limits: { maxConnections: 16 } },
    })
    expect(combined({}, {}).spec).toEqual({})
  })

  test('can choose among the networks of the floor and not beyond', () => {
    const floor = { servers: { allowedNetworks: ['203.0.113.0/24', 'fd00::/16', '*.partner.example'] } }
    const wished = ['203.0.113.128/25', '203.0.112.0/23', '203.0.113.9', 'fd00:1::1', '*.partner.example', '*.example']
    expect(networksOf(combined(floor, { servers: { allowedNetworks: wished } }))).toEqual([
      '203.0.113.128/25',
      '203.0.113.9',
      'fd00:1::1',
      '*.partner.example',
    ])
    expect(networksOf(combined(floor, {}))).toEqual(floor.servers.allowedNetworks)
    expect(networksOf(combined(floor, { servers: { allowedNetworks: [] } }))).toEqual([])
  })

  test('open by egress what the floor names and they name, too', () => {
    const egress = (networks?: string[], namespaces?: string[]): MCPGatewaySpec => ({
      servers: { egress: { ...(networks && { networks }), ...(namespaces && { namespaces }) } },
    })
    expect(egressOf(combined(undefined, undefined))).toEqual({ networks: [] })
    expect(egressOf(combined(egress(['10.0.0.0/8'], ['a']), undefined))).toEqual({
      networks: ['10.0.0.0/8'],
      namespaces: ['a'],
    })
    expect(egressOf(combined(undefined, egress(['10.0.0.0/8'], ['a'])))).toEqual({
      networks: ['10.0.0.0/8'],
      namespaces: ['a'],
    })
    const floor = egress(['10.0.0.0/8', 'fd00:1::/32'], ['a', 'b'])
    expect(combined(floor, egress(['10.1.0.0/16', '0.0.0.0/0', '::/0', '172.16.0.0/12'], ['b', 'c']))).toMatchObject({
      spec: { servers: { egress: { networks: ['10.0.0.0/8', 'fd00:1::/32', '10.1.0.0/16'], namespaces: ['b'] } } },
      from: { 'servers.egress.networks': 'floor, own', 'servers.egress.namespaces': 'floor, own' },
    })
    expect(egressOf(combined(floor, egress([], [])))).toEqual({ networks: [], namespaces: [] })
  })

  test('keep TLS once the floor asks for it, with a certificate of their own if they name one', () => {
    expect(combined({ tls: { secretName: 'a' } }, {}).spec.tls).toEqual({ secretName: 'a' })
    expect(combined({ tls: { secretName: 'a' } }, { tls: { secretName: 'b' } }).spec.tls).toEqual({ secretName: 'b' })
  })

  test('add scrapers, hosts and origins, and keep the host of the floor beside an address of their own', () => {
    const settings = combined(
      { publicUrl: 'https://all.example:8443/x', metrics: { scrapers: [{ namespace: 'monitoring' }] }, hosts: ['a'] },
      {
        publicUrl: 'https://own.example',
        metrics: { scrapers: [{ namespace: 'monitoring' }, { namespace: 'team' }] },
        hosts: ['b'],
        origins: ['https://o.example'],
      },
    )
    expect(settings.spec.metrics?.scrapers).toEqual([{ namespace: 'monitoring' }, { namespace: 'team' }])
    expect(settings.spec.hosts).toEqual(['all.example:8443', 'a', 'b'])
    expect(settings.spec.origins).toEqual(['https://o.example'])
    expect(settings.from['hosts']).toBe('floor, own')
  })
})
