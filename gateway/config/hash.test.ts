import { expect, test } from 'vitest'
import { configurationHash, keysHash } from './hash.ts'
import { parseGatewayConfig, parseKeysFile, type GatewayConfig, type KeysFile } from './index.ts'

const server = (name: string): GatewayConfig['servers'][number] => ({
  name,
  upstream: { http: { url: 'http://127.0.0.1:8000/mcp' } },
  tools: { dangerousPatterns: [], approved: [] },
  guardrails: { rules: [] },
})
const gateway: GatewayConfig = {
  schema: 1,
  name: 'standalone',
  allowedNetworks: ['10.0.0.0/8', '::1'],
  servers: [server('a'), server('b')],
}
const digest = `sha256:${'0'.repeat(64)}`
const keys: KeysFile = { schema: 1, keys: [{ name: 'ci', digests: [digest], allowedServers: ['*'] }] }

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  )
}

const parsedGateway = (text: string): GatewayConfig => {
  const parsed = parseGatewayConfig(text)
  if (!('value' in parsed)) throw new Error(JSON.stringify(parsed.issues))
  return parsed.value
}

test('the hash is of values: order of members, white space and members that are not set make no difference', () => {
  const hash = configurationHash(gateway, keys)
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  const other = parsedGateway(JSON.stringify(reversed(gateway), undefined, 3))
  const parsed = parseKeysFile(JSON.stringify(reversed(keys)))
  expect(parsed).toHaveProperty('value')
  expect(configurationHash(other, 'value' in parsed ? parsed.value : { schema: 1, keys: [] })).toBe(hash)
  expect(configurationHash({ ...gateway, hosts: undefined }, keys)).toBe(hash)
})

test('every change of a value is another hash, the order of lists included', () => {
  const hashes = [
    configurationHash(gateway, keys),
    configurationHash({ ...gateway, servers: gateway.servers.toReversed() }, keys),
    configurationHash({ ...gateway, hosts: ['x.example'] }, keys),
    configurationHash(gateway, { schema: 1, keys: [] }),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
})

test('the hash of the keys is of the keys alone', () => {
  expect(keysHash(keys)).not.toBe(keysHash({ schema: 1, keys: [] }))
  expect(keysHash(reversed(keys) as KeysFile)).toBe(keysHash(keys))
})
