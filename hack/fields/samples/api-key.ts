import { exchanges } from '../exchanges.ts'
import { image, key, server, settings, type Sample } from '../sample.ts'

const around = (spec: object): readonly object[] => [key(spec), server(), settings()]

/** How each field of an APIKey is proved. */
export const apiKeySamples: Readonly<Record<string, Sample>> = {
  'APIKey.spec.digests[]': { documents: around({}), values: ['$DIGEST', '$OTHERDIGEST'], witness: exchanges.call() },
  'APIKey.spec.generate.secretName': {
    documents: [key({ digests: undefined, generate: { secretName: 'robot-key' } }), image()],
    values: ['robot-key', 'other-key'],
    witness: 'objects',
  },
  'APIKey.spec.scopes[]': { documents: around({ scopes: ['servers:read'] }), witness: exchanges.scopes },
  'APIKey.spec.allowedServers[]': { documents: around({}), values: ['one', 'two'], witness: exchanges.call() },
  'APIKey.spec.allowedTools[]': {
    documents: around({ allowedTools: ['read_*'] }),
    values: ['read_*', 'drop_*'],
    witness: exchanges.tools,
  },
  'APIKey.spec.expiresAt': {
    documents: around({ expiresAt: '2999-01-01T00:00:00Z' }),
    values: ['2999-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    witness: exchanges.call(),
  },
  'APIKey.spec.revoked': { documents: around({ revoked: true }), witness: exchanges.call() },
}
