import { expect, test } from 'vitest'
import { parseGatewayConfig } from '../../gateway/config/index.ts'
import { configurationHash } from '../../gateway/config/hash.ts'
import { objectsOf, statusesOf, translate, type Snapshot } from './index.ts'

const apiVersion = 'mcp.gateway.io/v1'
const server = { apiVersion, kind: 'MCPServer', metadata: { name: 'pay' }, spec: { url: 'http://pay.svc/mcp' } }

const policy = (name: string, spec: object) => ({
  apiVersion,
  kind: 'GuardrailPolicy',
  metadata: { name },
  spec: { servers: ['*'], ...spec },
})

const patterns = (from: number, count: number): string[] => Array.from({ length: count }, (_, at) => `*x${from + at}*`)

const translated = (policies: number) =>
  translate({
    standalone: true,
    namespace: 'default',
    documents: [
      server,
      ...Array.from({ length: policies }, (_, at) =>
        policy(`p${at}`, { tools: { dangerousPatterns: patterns(at * 128, 128) } }),
      ),
    ],
    secrets: [],
    lastGood: [],
  })

test('as many dangerous patterns as a gateway takes are all in force', () => {
  const [files] = translated(16).gateways
  expect(files?.gateway.servers[0]).toMatchObject({ name: 'pay' })
  expect(files?.gateway.servers[0]?.refused).toBeUndefined()
  expect(files?.gateway.servers[0]?.tools.dangerousPatterns).toHaveLength(2048)
})

test('more of them are not cut short: the server is refused, and says why', () => {
  const desired = translated(17)
  const { gateways } = desired
  expect(parseGatewayConfig(JSON.stringify(gateways[0]?.gateway))).toHaveProperty('value')
  expect(gateways[0]?.gateway.servers[0]?.refused).toContain('more than 2048 rules or dangerous patterns')
  expect(statusesOf(desired).find(one => one.kind === 'MCPServer')?.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'ResolvedRefs', status: 'False', reason: 'TooManyRules' }),
  )
})

const conditionsOf = (snapshot: Partial<Snapshot>) =>
  statusesOf(
    translate({ standalone: false, namespace: 'default', documents: [], secrets: [], lastGood: [], ...snapshot }),
  )
    .filter(one => one.kind === 'MCPServer')
    .map(({ status }) => status.conditions.find(one => one.type === 'ResolvedRefs')?.reason)

test('more keys than a gateway takes let nobody in, and every server says why', () => {
  const key = (at: number) => ({
    apiVersion,
    kind: 'APIKey',
    metadata: { name: `k${at}` },
    spec: { digests: [`sha256:${at.toString(16).padStart(64, '0')}`], allowedServers: ['pay'] },
  })
  const documents = [server, ...Array.from({ length: 20_001 }, (_, at) => key(at))]
  expect(conditionsOf({ documents })).toEqual(['TooManyKeys'])
  const [files] = translate({ standalone: false, namespace: 'default', documents, secrets: [], lastGood: [] }).gateways
  expect(files?.keys.keys).toEqual([])
  expect(files?.gateway.servers[0]?.refused).toContain('20000 APIKeys')
})

test('more hosts than a gateway takes refuse every call', () => {
  const hosts = (from: number, namespace: string) => ({
    apiVersion,
    kind: 'MCPGateway',
    metadata: { name: 'default', namespace },
    spec: { hosts: Array.from({ length: 64 }, (_, at) => `h${from + at}.example`) },
  })
  const floor = { documents: [hosts(64, 'bartizan-system')], lastGood: [] }
  const documents = [server, hosts(0, 'default')]
  expect(conditionsOf({ documents, floor, operatorNamespace: 'bartizan-system' })).toEqual(['TooManyHosts'])
  expect(conditionsOf({ documents, operatorNamespace: 'bartizan-system' })).toEqual(['ResolvedRefs'])
})

test('more servers than one gateway takes: those beyond say that they are not served', () => {
  const documents = Array.from({ length: 2049 }, (_, at) => ({
    ...server,
    metadata: { name: `s${String(at).padStart(4, '0')}` },
  }))
  const reasons = conditionsOf({ standalone: true, documents })
  expect(reasons.slice(0, 2048).every(reason => reason === 'ResolvedRefs')).toBe(true)
  expect(reasons[2048]).toBe('TooManyServers')
})

test('a configuration that no ConfigMap holds is replaced by a small one that refuses, and keys still arrive', () => {
  const words = (from: number): string[] => Array.from({ length: 1024 }, (_, at) => `${from + at}${'x'.repeat(240)}`)
  const documents = [
    server,
    ...Array.from({ length: 5 }, (_, at) => policy(`p${at}`, { input: { forbiddenKeywords: words(at * 1024) } })),
    {
      apiVersion,
      kind: 'APIKey',
      metadata: { name: 'robot' },
      spec: { digests: [`sha256:${'0'.repeat(64)}`], allowedServers: ['pay'], revoked: true },
    },
  ]
  expect(conditionsOf({ documents })).toEqual(['ConfigurationTooBig'])
  const desired = translate({ standalone: false, namespace: 'default', documents, secrets: [], lastGood: [] })
  const [files] = desired.gateways
  expect(files?.gateway.servers[0]?.refused).toContain('a ConfigMap holds')
  expect(files?.keys.keys).toMatchObject([{ name: 'robot', revoked: true }])
  const map = objectsOf(desired).find(object => object.kind === 'ConfigMap')
  expect(JSON.stringify(map).length).toBeLessThan(10_000)
  expect(desired.servers[0]?.hash).toBe(configurationHash(files!.gateway, files!.keys))
})

test('while an MCPGateway that holds here never compiled, nothing is let out', () => {
  const broken = {
    apiVersion,
    kind: 'MCPGateway',
    metadata: { name: 'default' },
    spec: { audit: { onFailure: 'Perhaps' } },
  }
  const open = {
    ...broken,
    spec: { servers: { egress: { networks: ['10.0.0.0/8'], namespaces: ['data'] } } },
  }
  const egress = [
    { cidr: '10.1.0.0/16', ports: [443] },
    { namespace: 'data', ports: [443] },
  ]
  const wishing = { ...server, spec: { image: 'example/pay:1', egress } }
  const out = (own: object, floor: object): number => {
    const snapshot: Snapshot = {
      standalone: false,
      namespace: 'default',
      operatorNamespace: 'guards',
      documents: [wishing, own],
      secrets: [],
      lastGood: [],
      floor: { documents: [floor], lastGood: [] },
    }
    const policy = objectsOf(translate(snapshot)).find(({ kind }) => kind === 'NetworkPolicy')
    return ((policy?.['spec'] as { egress?: unknown[] } | undefined)?.egress ?? []).length
  }
  const above = (gateway: object): object => ({ ...gateway, metadata: { name: 'default', namespace: 'guards' } })
  // Both entries, and the DNS that belongs to a namespace.
  expect(out(open, above(open))).toBe(3)
  expect([out(broken, above(open)), out(open, above(broken)), out(broken, above(broken))]).toEqual([0, 0, 0])
})

test.each([
  ['has no spec', { spec: null }],
  ['lacks its spec', {}],
  ['counts in something else', { spec: {}, generation: { toString: 1 } as unknown as number }],
])('what was kept of an object ends no plan when it %s, since others may have changed it', (_, kept) => {
  const gateway = { apiVersion, kind: 'MCPGateway', metadata: { name: 'default' }, spec: { mistyped: true } }
  const lastGood = [{ kind: 'MCPGateway', name: 'default', spec: undefined, ...kept }]
  expect(conditionsOf({ documents: [server, gateway], lastGood })).toEqual(['ResolvedRefs'])
})
