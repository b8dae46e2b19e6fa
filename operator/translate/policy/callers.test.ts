import { expect, test } from 'vitest'
import { statusesOf, translate } from '../index.ts'

const apiVersion = 'mcp.gateway.io/v1'

const auth = (spec: object, now?: number): string | undefined =>
  statusesOf(
    translate({
      standalone: false,
      namespace: 'default',
      documents: [
        { apiVersion, kind: 'MCPServer', metadata: { name: 'pay' }, spec: { url: 'http://10.0.0.1/mcp' } },
        {
          apiVersion,
          kind: 'APIKey',
          metadata: { name: 'robot' },
          spec: { digests: [`sha256:${'0'.repeat(64)}`], allowedServers: ['pay'], ...spec },
        },
      ],
      secrets: [],
      lastGood: [],
      ...(now !== undefined && { now }),
    }),
  ).find(one => one.kind === 'MCPServer')?.status.auth

test('a key that allows the server is a way in', () => expect(auth({})).toBe('APIKey'))

test.each([
  ['revoked', { revoked: true }],
  ['for other servers', { allowedServers: ['other'] }],
  ['without a scope', { scopes: [] }],
])('a key that is %s is none', (_, spec) => expect(auth(spec)).toBe('None'))

test('a key that has ended is none, once the time is known', () => {
  const expiresAt = '2027-01-01T00:00:00Z'
  expect(auth({ expiresAt })).toBe('APIKey')
  expect(auth({ expiresAt }, Date.parse(expiresAt) - 1)).toBe('APIKey')
  expect(auth({ expiresAt }, Date.parse(expiresAt))).toBe('None')
})
