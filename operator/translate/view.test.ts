import { expect, test } from 'vitest'
import { parseGatewayConfig } from '../../gateway/config/index.ts'
import { statusesOf, translate } from './index.ts'

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
